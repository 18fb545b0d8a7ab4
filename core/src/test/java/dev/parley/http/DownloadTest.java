package dev.parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DownloadTest {
    private static final byte[] TEXT = "0123456789".getBytes(StandardCharsets.US_ASCII);
    /** Of the bytes of {@link #TEXT}. */
    private static final String HEAD = """
            HTTP/1.1 200 OK
            ETag: "hNiYd_DUBB77a_kaFvAkjw"
            Cache-Control: private, no-cache
            Content-Type: application/octet-stream
            X-Content-Type-Options: nosniff
            Accept-Ranges: bytes
            Content-Disposition: attachment; filename="a.bin"
            Content-Security-Policy: sandbox; default-src 'none'
            """;

    @TempDir
    private Path directory;

    private static String get(Download download, String method, String... fields) {
        try (WireChannel client =
                WireChannel.serving(Routes.builder().get("/", download).build())) {
            String more = fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n";
            client.send(method + " / HTTP/1.1\r\nHost: a\r\n" + more + "\r\n");
            return client.received().replace(WireChannel.DATE, "").replace("\r\n", "\n");
        }
    }

    // ---- answers

    @Test
    void isSentWholeWithItsLengthAndWhatKeepsItHarmless() {
        assertThat(get(Download.of(TEXT).name("a.bin"), "GET")).isEqualTo(HEAD + "content-length: 10\n\n0123456789");
    }

    @Test
    void theAnswerToHeadIsTheSameWithoutTheBytes() {
        assertThat(get(Download.of(TEXT).name("a.bin"), "HEAD")).isEqualTo(HEAD + "content-length: 10\n\n");
    }

    @Test
    void aPartIsSentWhereADownloadBrokeOff() {
        assertThat(get(
                        Download.of(TEXT).name("a.bin"),
                        "GET",
                        "Range: bytes=7-",
                        "If-Range: \"hNiYd_DUBB77a_kaFvAkjw\""))
                .isEqualTo(HEAD.replace("200 OK", "206 Partial Content")
                                .replace("Content-Disposition", "Content-Range: bytes 7-9/10\nContent-Disposition")
                        + "content-length: 3\n\n789");
    }

    @Test
    void aRangeThatIsNotThereIsAProblemThatIsNotToBeSaved() {
        assertThat(get(Download.of(TEXT).name("a.bin"), "GET", "Range: bytes=10-"))
                .startsWith("HTTP/1.1 416 Requested Range Not Satisfiable\n")
                .contains("Content-Range: bytes */10\n")
                .doesNotContain("Content-Disposition");
    }

    @Test
    void whatTheClientHasIsNotSentAgain() {
        assertThat(get(Download.of(TEXT).tag("v1"), "GET", "If-None-Match: \"v1\""))
                .isEqualTo("HTTP/1.1 304 Not Modified\nETag: \"v1\"\nCache-Control: private, no-cache\n\n");
        assertThat(get(Download.of(TEXT).tag("v1"), "GET", "If-Match: \"v2\"")).startsWith("HTTP/1.1 412 ");
    }

    @Test
    void aFileIsSentByItsOwnNameUnlessAnotherIsGiven() throws IOException {
        Path file = Files.write(directory.resolve("own.txt"), TEXT);

        assertThat(get(Download.of(file), "GET"))
                .contains(
                        "Content-Disposition: attachment; filename=\"own.txt\"\n",
                        "Content-Type: application/octet-stream\n")
                .contains("Last-Modified: ", "content-length: 10\n")
                .endsWith("\n\n0123456789");
        assertThat(get(Download.of(file).name("other"), "HEAD"))
                .contains("filename=\"other\"\n", "content-length: 10\n")
                .endsWith("\n\n");
        assertThat(get(Download.of(file).tag("sha-256"), "GET", "Range: bytes=2-3", "If-Range: \"sha-256\""))
                .startsWith("HTTP/1.1 206 Partial Content\nETag: \"sha-256\"\n")
                .endsWith("content-length: 2\n\n23");
    }

    @Test
    void whatIsNoFileIsNotFound() {
        assertThat(get(Download.of(directory), "GET")).startsWith("HTTP/1.1 404 Not Found\n");
        assertThat(get(Download.of(directory.resolve("none")), "GET"))
                .startsWith("HTTP/1.1 404 Not Found\n")
                .doesNotContain("Content-Disposition");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\"b", "a b", "a\r\nb: c", "\u20ac"})
    void aTagThatCannotStandBetweenQuotesIsRefused(String tag) {
        assertThatIllegalArgumentException().isThrownBy(() -> Download.of(TEXT).tag(tag));
    }

    // ---- types

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "image/png|image/png",
                "IMAGE/JPEG|image/jpeg",
                "image/gif|image/gif",
                "image/webp|image/webp",
                "image/avif|image/avif",
                "audio/ogg; codecs=opus|audio/ogg",
                "video/mp4|video/mp4",
                "application/pdf|application/pdf",
                "text/plain|text/plain; charset=utf-8",
                "text/plain; charset=ISO-8859-1|text/plain; charset=iso-8859-1",
                "text/plain;charset=\"windows-1252\"|text/plain; charset=windows-1252",
                "text/plain; charset=utf-7|text/plain; charset=utf-8",
                "text/plain; charset=iso-2022-jp|text/plain; charset=utf-8",
                "text/plain; x=y; charset=us-ascii|text/plain; charset=us-ascii",
                "text/html|-",
                "text/html; charset=utf-8|-",
                "image/svg+xml|-",
                "text/xml|-",
                "application/xhtml+xml|-",
                "text/javascript|-",
                "text/css|-",
                "application/json|-",
                "application/wasm|-",
                "multipart/form-data; boundary=x|-",
                "message/rfc822|-",
                "image/png, text/html|-",
                "image/png text/html|-",
                "video/|-",
                "video|-",
                "video/mp4/x|-",
                "'video/mp4\r\nX: y'|-",
                "''|-"
            })
    void onlyATypeThatNoBrowserRunsIsBelieved(String claimed, String sent) {
        String expected = sent == null ? "application/octet-stream" : sent;
        assertThat(get(Download.of(TEXT).type(claimed), "HEAD")).contains("\nContent-Type: " + expected + "\n");
    }

    // ---- names

    static Stream<Arguments> names() {
        return Stream.of(
                plain("report.pdf", "report.pdf"),
                plain("", "download"),
                plain(" ", "download"),
                plain(".", "download"),
                plain("..", "download"),
                plain("...", "download"),
                plain(" . . ", "download"),
                plain("\0", "download"),
                plain("a.txt ", "a.txt"),
                plain("a.txt...", "a.txt"),
                plain(" a.txt", "a.txt"),
                plain(".htaccess", "htaccess"),
                plain("../../etc/passwd", "_.._etc_passwd"),
                plain("..\\..\\win.ini", "_.._win.ini"),
                plain("/etc/passwd", "_etc_passwd"),
                plain("C:\\x", "C__x"),
                plain("a.txt:stream", "a.txt_stream"),
                plain("a.txt::$DATA", "a.txt__$DATA"),
                plain("\\\\host\\share\\x", "__host_share_x"),
                plain("a/b", "a_b"),
                plain("a\"b.txt", "a_b.txt"),
                plain("a\";filename=\"b.exe", "a_;filename=_b.exe"),
                plain("a\\\"b", "a__b"),
                plain("a'b.txt", "a'b.txt"),
                plain("a;b.txt", "a;b.txt"),
                plain("a,b.txt", "a,b.txt"),
                plain("a=b.txt", "a=b.txt"),
                plain("a b.txt", "a b.txt"),
                plain("a<b>c|d?e*f", "a_b_c_d_e_f"),
                plain("a\rb", "ab"),
                plain("a\nb", "ab"),
                plain("a\r\nSet-Cookie: x=y", "aSet-Cookie_ x=y"),
                plain("a\0b.txt", "ab.txt"),
                plain("a\tb.txt", "ab.txt"),
                plain("a\u001Bb.txt", "ab.txt"),
                plain("a\u007Fb.txt", "ab.txt"),
                plain("a\u0085b.txt", "ab.txt"),
                plain("a\u2028b\u2029c", "abc"),
                plain("exe\u202Efdp.txt", "exefdp.txt"),
                plain("a\u202A\u202B\u202C\u202Db", "ab"),
                plain("a\u2066\u2067\u2068\u2069b", "ab"),
                plain("a\u200E\u200F\u061Cb", "ab"),
                plain("a\u200B\uFEFFb", "ab"),
                plain("a\uD800b", "ab"),
                plain("a\uDC00b", "ab"),
                plain("\uDC00\uD800", "download"),
                plain("a\uFFFFb\uFFFE\uFDD0", "ab"),
                plain("a\u00A0b\u2003c", "a b c"),
                plain("a\u202E.", "a"),
                plain("CON", "_CON"),
                plain("con.txt", "_con.txt"),
                plain("NUL .txt", "_NUL .txt"),
                plain("aux.tar.gz", "_aux.tar.gz"),
                plain("LPT9", "_LPT9"),
                plain("console.txt", "console.txt"),
                both("COM\u00B9.txt", "_COM_.txt", "_COM%C2%B9.txt"),
                both("100%41.txt", "100_41.txt", "100%2541.txt"),
                both("Bericht \u00E4.pdf", "Bericht _.pdf", "Bericht%20%C3%A4.pdf"),
                both("\u65E5\u672C.txt", "__.txt", "%E6%97%A5%E6%9C%AC.txt"),
                both("\uD83D\uDE00.png", "_.png", "%F0%9F%98%80.png"),
                both("\u00E9'(1);\".txt", "_'(1);_.txt", "%C3%A9%27%281%29%3B_.txt"),
                both("\u20AC*?.txt", "___.txt", "%E2%82%AC__.txt"),
                plain("x".repeat(300), "x".repeat(220)),
                plain("x".repeat(300) + ".pdf", "x".repeat(216) + ".pdf"),
                plain("x" + ".y".repeat(300), "x" + ".y".repeat(108) + "..y"),
                plain("a." + "b".repeat(300), "a." + "b".repeat(218)),
                both("\uD83D\uDE00".repeat(100) + ".png", "_".repeat(54) + ".png", "%F0%9F%98%80".repeat(54) + ".png"));
    }

    private static Arguments plain(String name, String filename) {
        return Arguments.of(name, "attachment; filename=\"" + filename + '"');
    }

    private static Arguments both(String name, String ascii, String encoded) {
        return Arguments.of(name, "attachment; filename=\"" + ascii + "\"; filename*=UTF-8''" + encoded);
    }

    @ParameterizedTest
    @MethodSource("names")
    void whateverTheNameIsItIsHarmless(String name, String disposition) {
        assertThat(get(Download.of(TEXT).name(name), "HEAD")).contains("\nContent-Disposition: " + disposition + "\n");
    }

    /** Whatever a name is made of, the field has one line of printable ASCII, and what is in the quotes does not end them. */
    @Test
    void noCharacterEndsTheField() {
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            String value = Attachment.of("a" + Character.toString(c) + "b.txt");
            if (!value.matches(
                    "attachment; filename=\"[ -!#-\\[\\]-~]+\"(; filename\\*=UTF-8''[!#$&+.^_`|~%A-Za-z0-9-]+)?")) {
                throw new AssertionError("U+" + Integer.toHexString(c) + ": " + value);
            }
        }
    }
}
