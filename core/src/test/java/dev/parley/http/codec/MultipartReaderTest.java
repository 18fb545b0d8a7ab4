package dev.parley.http.codec;

import static dev.parley.http.codec.Violation.BOUNDARY_CHARACTER;
import static dev.parley.http.codec.Violation.BOUNDARY_TOO_LONG;
import static dev.parley.http.codec.Violation.CONTROL_CHARACTER;
import static dev.parley.http.codec.Violation.CUT_OFF;
import static dev.parley.http.codec.Violation.DELIMITER_LINE;
import static dev.parley.http.codec.Violation.EXTENDED_VALUE;
import static dev.parley.http.codec.Violation.FIELD_TWICE;
import static dev.parley.http.codec.Violation.HEAD_TOO_LONG;
import static dev.parley.http.codec.Violation.LINE_END;
import static dev.parley.http.codec.Violation.NAME_TOO_LONG;
import static dev.parley.http.codec.Violation.NOT_A_FIELD;
import static dev.parley.http.codec.Violation.NOT_FORM_DATA;
import static dev.parley.http.codec.Violation.NOT_UTF8;
import static dev.parley.http.codec.Violation.NO_BOUNDARY;
import static dev.parley.http.codec.Violation.NO_DISPOSITION;
import static dev.parley.http.codec.Violation.NO_NAME;
import static dev.parley.http.codec.Violation.PARAMETER_TWICE;
import static dev.parley.http.codec.Violation.PREAMBLE_TOO_LONG;
import static dev.parley.http.codec.Violation.TOO_MANY_PARTS;
import static dev.parley.http.codec.Violation.TRANSFER_ENCODING;
import static dev.parley.http.codec.Violation.VALUE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultipartReaderTest {
    private static final String A = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

    /** As they were sent: the boundary, the body, and what is heard of it. */
    static Stream<Arguments> bodies() {
        return Stream.of(
                arguments(
                        "Chromium, two fields and a file",
                        "----WebKitFormBoundary7MA4YWxkTrZu0gW",
                        """
                        ------WebKitFormBoundary7MA4YWxkTrZu0gW
                        Content-Disposition: form-data; name="event"

                        left
                        ------WebKitFormBoundary7MA4YWxkTrZu0gW
                        Content-Disposition: form-data; name="größe"

                        zwei
                        Zeilen
                        ------WebKitFormBoundary7MA4YWxkTrZu0gW
                        Content-Disposition: form-data; name="log"; filename="a b;c%22d.txt"
                        Content-Type: text/plain

                        {}
                        ------WebKitFormBoundary7MA4YWxkTrZu0gW--
                        """,
                        List.of(
                                "event|null|null=left",
                                "größe|null|null=zwei\r\nZeilen",
                                "log|a b;c\"d.txt|text/plain={}",
                                "end")),
                arguments(
                        "Chromium, an empty form",
                        "----WebKitFormBoundaryAAAAAAAAAAAAAAAA",
                        "------WebKitFormBoundaryAAAAAAAAAAAAAAAA--\n",
                        List.of("end")),
                arguments(
                        "Firefox, a blob without a name",
                        "----geckoformboundary5bd6ee0ba8ed8a2df0a9ff7ae1cc1b6f",
                        """
                        ------geckoformboundary5bd6ee0ba8ed8a2df0a9ff7ae1cc1b6f
                        Content-Disposition: form-data; name="line%0D%0Abreak"; filename="blob"
                        Content-Type: application/octet-stream


                        ------geckoformboundary5bd6ee0ba8ed8a2df0a9ff7ae1cc1b6f--
                        """,
                        List.of("line\r\nbreak|blob|application/octet-stream=", "end")),
                arguments(
                        "undici",
                        "----formdata-undici-043816230194",
                        """
                        ------formdata-undici-043816230194
                        Content-Disposition: form-data; name="a"

                        1
                        ------formdata-undici-043816230194
                        Content-Disposition: form-data; name="f"; filename="x.bin"
                        Content-Type: application/octet-stream

                        --
                        ------formdata-undici-043816230194--""",
                        List.of("a|null|null=1", "f|x.bin|application/octet-stream=--", "end")),
                arguments(
                        "curl, with a backslash before a quote",
                        "------------------------d74496d66958873e",
                        """
                        --------------------------d74496d66958873e
                        Content-Disposition: form-data; name="a\\"b"; filename="C:\\\\d\\e"

                        x
                        --------------------------d74496d66958873e--
                        """,
                        List.of("a\"b|C:\\d\\e|null=x", "end")),
                arguments(
                        "preamble, padding and epilogue",
                        "b",
                        "to be left out\n--\n--b \t \ncontent-disposition:form-data;name=a\nX-Other: y\n\n1\n--b-- \nmore\n--b\n",
                        List.of("a|null|null=1", "end")),
                arguments(
                        "a line break before the first boundary",
                        "b",
                        "\n--b\n" + lf(A) + "1\n--b--",
                        List.of("a|null|null=1", "end")),
                arguments("no data", "b", "--b\n" + lf(A) + "\n--b--\n", List.of("a|null|null=", "end")),
                arguments("not even a line for data", "b", "--b\n" + lf(A) + "--b--\n", List.of("a|null|null=", "end")),
                arguments(
                        "data that looks like a boundary",
                        "bob",
                        "--bob\n" + lf(A) + "--bo\n--bo\n-\n--\n--bo --bob x--bob--\n\n\n--bob--",
                        List.of("a|null|null=--bo\r\n--bo\r\n-\r\n--\r\n--bo --bob x--bob--\r\n\r\n", "end")),
                arguments(
                        "data that begins as a boundary does",
                        "b",
                        "--b\n" + lf(A) + "-\n--b\n" + lf(A) + "--\n--b\n" + lf(A) + "\n-\n--b--",
                        List.of("a|null|null=-", "a|null|null=--", "a|null|null=\r\n-", "end")),
                arguments(
                        "a boundary with all that it may have",
                        "'()+_,-./:=? 0aZ",
                        "--'()+_,-./:=? 0aZ\n" + lf(A) + "1\n--'()+_,-./:=? 0aZ--",
                        List.of("a|null|null=1", "end")),
                arguments(
                        "a file's name in two ways",
                        "b",
                        "--b\nContent-Disposition: Form-Data; name=a; filename=\"EURO.txt\"; filename*=utf-8'de'%E2%82%ac%20.txt\n"
                                + "Content-Transfer-Encoding: BINARY\n\n1\n--b--",
                        List.of("a|€ .txt|null=1", "end")),
                arguments(
                        "a file's name in Latin-1",
                        "b",
                        "--b\nContent-Disposition: form-data; name=\"\"; filename*=ISO-8859-1''%A3.txt\n\n1\n--b--",
                        List.of("|£.txt|null=1", "end")),
                arguments(
                        "a part in parts, which is not looked into",
                        "b",
                        "--b\nContent-Disposition: form-data; name=\"a\"\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n1\n--c--\n--b--",
                        List.of("a|null|multipart/mixed; boundary=c=--c\r\n\r\n1\r\n--c--", "end")));
    }

    private static String lf(String text) {
        return text.replace("\r\n", "\n");
    }

    private static byte[] crlf(String text) {
        return text.replace("\n", "\r\n").getBytes(UTF_8);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void readsWhatIsSentHoweverItIsCut(String what, String boundary, String text, List<String> expected) {
        byte[] body = crlf(text);

        assertThat(HeardParts.of(boundary, MultipartLimits.DEFAULT, List.of(body)))
                .isEqualTo(expected);
        assertThat(HeardParts.of(boundary, MultipartLimits.DEFAULT, HeardParts.byteByByte(body)))
                .isEqualTo(expected);
        for (int cut = 1; cut < body.length; cut++) {
            byte[] before = Arrays.copyOf(body, cut);
            byte[] behind = Arrays.copyOfRange(body, cut, body.length);
            assertThat(HeardParts.of(boundary, MultipartLimits.DEFAULT, List.of(before, behind)))
                    .as("cut at %d", cut)
                    .isEqualTo(expected);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void whatIsCutOffIsSaidToBe(String what, String boundary, String text, List<String> expected) {
        byte[] body = crlf(text);
        int end = new String(body, ISO_8859_1).indexOf("--" + boundary + "--") + boundary.length() + 4;
        for (int length = 0; length < end; length++) {
            List<String> heard = HeardParts.of(boundary, MultipartLimits.DEFAULT, List.of(Arrays.copyOf(body, length)));
            assertThat(heard.get(heard.size() - 1)).as("first %d", length).isEqualTo("! CUT_OFF");
        }
    }

    static Stream<Arguments> violations() {
        String part = "--b\r\n" + A + "1\r\n";
        return Stream.of(
                arguments("nothing at all", "", CUT_OFF),
                arguments("no last boundary", part, CUT_OFF),
                arguments("a last boundary with one hyphen", part + "--b-", CUT_OFF),
                arguments("lines that end in LF", lf(part + "--b--"), LINE_END),
                arguments(
                        "a head's line that ends in LF", "--b\r\nContent-Disposition: form-data; name=a\n\n", LINE_END),
                arguments(
                        "a head's line that ends in CR", "--b\r\nContent-Disposition: form-data; name=a\r\r", LINE_END),
                arguments("CR behind a boundary, and no LF", "--b\rx", LINE_END),
                arguments("LF behind the padding of a boundary", "--b \n", LINE_END),
                arguments("a boundary that goes on", part + "--bc\r\n", DELIMITER_LINE),
                arguments("a boundary that goes on behind a blank", part + "--b x", DELIMITER_LINE),
                arguments("a boundary with one hyphen", part + "--b-\r\n", DELIMITER_LINE),
                arguments("more in the line of the last boundary", part + "--b--x", DELIMITER_LINE),
                arguments("LF behind the last boundary", part + "--b--\n", LINE_END),
                arguments("padding without an end", "--b" + " ".repeat(9000), HEAD_TOO_LONG),
                arguments("a long preamble", "x".repeat(1025) + "\r\n--b--", PREAMBLE_TOO_LONG),
                arguments("no head", "--b\r\n\r\n1\r\n--b--", NO_DISPOSITION),
                arguments("another boundary for a head", "--b\r\n--b--\r\n", NOT_A_FIELD),
                arguments("a field without a name", "--b\r\n: x\r\n\r\n", NOT_A_FIELD),
                arguments("a blank before a colon", "--b\r\nContent-Type : x\r\n\r\n", NOT_A_FIELD),
                arguments("a folded field", "--b\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n", VALUE),
                arguments("a folded line first", "--b\r\n Content-Disposition: form-data; name=a\r\n\r\n", NOT_A_FIELD),
                arguments("NUL in a name", disposition("form-data; name=\"a\0\""), CONTROL_CHARACTER),
                arguments("a name that is not UTF-8", disposition("form-data; name=\"\u00ff\""), NOT_UTF8),
                arguments("no name", disposition("form-data"), NO_NAME),
                arguments("an attachment", disposition("attachment; name=\"a\""), NO_DISPOSITION),
                arguments("two names", disposition("form-data; name=a; NAME=b"), PARAMETER_TWICE),
                arguments(
                        "two dispositions",
                        disposition("form-data; name=a\r\nContent-Disposition: form-data; name=b"),
                        FIELD_TWICE),
                arguments(
                        "two types",
                        disposition("form-data; name=a\r\nContent-Type: a/b\r\nContent-Type: a/b"),
                        FIELD_TWICE),
                arguments("a name that does not end", disposition("form-data; name=\"a"), VALUE),
                arguments("a name that ends in an escape", disposition("form-data; name=\"a\\\""), VALUE),
                arguments("no value", disposition("form-data; name="), VALUE),
                arguments("no semicolon", disposition("form-data name=a"), VALUE),
                arguments("a semicolon too many", disposition("form-data; name=a;"), VALUE),
                arguments("blanks around an equals sign", disposition("form-data; name = a"), VALUE),
                arguments("a bare name that is no token", disposition("form-data; name=\u00c3\u00a4"), VALUE),
                arguments(
                        "a charset that is not known",
                        disposition("form-data; name=a; filename*=UTF-7''x"),
                        EXTENDED_VALUE),
                arguments("no charset", disposition("form-data; name=a; filename*=x"), EXTENDED_VALUE),
                arguments("half an escape", disposition("form-data; name=a; filename*=UTF-8''%4"), EXTENDED_VALUE),
                arguments(
                        "escapes that are not UTF-8", disposition("form-data; name=a; filename*=UTF-8''%ff"), NOT_UTF8),
                arguments(
                        "base64",
                        disposition("form-data; name=a\r\nContent-Transfer-Encoding: base64"),
                        TRANSFER_ENCODING),
                arguments("a long name", disposition("form-data; name=" + "a".repeat(1025)), NAME_TOO_LONG),
                arguments(
                        "a long file name",
                        disposition("form-data; name=a; filename=" + "a".repeat(1025)),
                        NAME_TOO_LONG),
                arguments("a head of 10 MB", "--b\r\nX: " + "x".repeat(10_000_000), HEAD_TOO_LONG),
                arguments("a head of many lines", "--b\r\n" + "X: y\r\n".repeat(100_000), HEAD_TOO_LONG),
                arguments("10,000 parts", part.repeat(10_000) + "--b--", TOO_MANY_PARTS));
    }

    private static String disposition(String value) {
        return "--b\r\nContent-Disposition: " + value + "\r\n\r\n1\r\n--b--";
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("violations")
    void refusesWhatIsWrongHoweverItIsCut(String what, String text, Violation expected) {
        byte[] body = text.getBytes(ISO_8859_1);

        List<String> heard = HeardParts.of("b", MultipartLimits.DEFAULT, List.of(body));

        assertThat(heard.get(heard.size() - 1)).isEqualTo("! " + expected);
        assertThat(HeardParts.of("b", MultipartLimits.DEFAULT, HeardParts.byteByByte(body)))
                .isEqualTo(heard);
    }

    @Test
    void aReaderThatRefusedReadsNothingMore() {
        MultipartReader reader = new MultipartReader(new Boundary("b"), MultipartLimits.DEFAULT);
        ByteBuf good = Unpooled.copiedBuffer("--b--", UTF_8);

        assertThatThrownBy(() -> reader.next(Unpooled.copiedBuffer("--bad", UTF_8)))
                .isInstanceOf(ViolationException.class)
                .hasMessage("a boundary's line goes on (RFC 2046 section 5.1.1)");
        assertThatThrownBy(() -> reader.next(good)).isInstanceOf(ViolationException.class);
        assertThatThrownBy(reader::end).isInstanceOf(ViolationException.class);
        assertThat(good.readerIndex()).isZero();
    }

    @Test
    void dataIsNotCopied() {
        MultipartReader reader = new MultipartReader(new Boundary("b"), MultipartLimits.DEFAULT);
        ByteBuf body = Unpooled.copiedBuffer("--b\r\n" + A + "data\r\n--b--", UTF_8);

        assertThat(reader.next(body)).isEqualTo(MultipartReader.Event.PART);
        assertThat(reader.next(body)).isEqualTo(MultipartReader.Event.DATA);
        ByteBuf data = reader.data();
        body.setByte(body.indexOf(0, body.capacity(), (byte) '\n') + 1, body.getByte(5));
        body.setByte(5 + A.length(), 'D');

        assertThat(data.toString(UTF_8)).isEqualTo("Data");
    }

    @Test
    void manyLineBreaksInDataMakeOneEvent() {
        MultipartReader reader = new MultipartReader(new Boundary("b"), MultipartLimits.DEFAULT);
        ByteBuf body = Unpooled.copiedBuffer("--b\r\n" + A + "\r\r\n-\r\n--".repeat(1000) + "\r\n--b--", UTF_8);

        assertThat(reader.next(body)).isEqualTo(MultipartReader.Event.PART);
        assertThat(reader.next(body)).isEqualTo(MultipartReader.Event.DATA);
        assertThat(reader.data().readableBytes()).isEqualTo(8000);
        assertThat(reader.next(body)).isEqualTo(MultipartReader.Event.PART_END);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "b",
                "bb",
                "abab",
                "-",
                "--a--a",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"
            })
    void theDelimiterIsFoundWhereverItIs(String boundary) {
        String delimiter = "\r\n--" + boundary;
        SplittableRandom random = new SplittableRandom(boundary.length());
        for (int i = 0; i < 1000; i++) {
            StringBuilder text = new StringBuilder();
            for (int left = random.nextInt(40); left > 0; left--) {
                int from = random.nextInt(delimiter.length());
                text.append(delimiter, from, random.nextInt(from, delimiter.length() + 1));
            }
            String body = text.append(delimiter).append("--").toString();

            String head = "--" + boundary + "\r\n" + A;
            String data = body.substring(0, body.indexOf(delimiter));
            // What follows at once is the line break of a head: a part without data.
            String expected = body.startsWith(delimiter.substring(2)) ? "" : data;
            assertThat(dataOfFirst(boundary, Unpooled.copiedBuffer(head + body, UTF_8)))
                    .isEqualTo(expected);
            ByteBuf inTwo = Unpooled.wrappedBuffer(
                    Unpooled.directBuffer().writeBytes(head.getBytes(UTF_8)), Unpooled.copiedBuffer(body, UTF_8));
            assertThat(dataOfFirst(boundary, inTwo)).isEqualTo(expected);
            inTwo.release();
        }
    }

    @Test
    void aBufferOfSeveralIsSearchedToItsEnd() {
        String data = "\r\n--".repeat(5000);
        ByteBuf body = Unpooled.wrappedBuffer(
                Unpooled.copiedBuffer("--b\r\n" + A, UTF_8), Unpooled.copiedBuffer(data + "\r\n--b--", UTF_8));

        assertThat(dataOfFirst("b", body)).isEqualTo(data);
        body.release();
    }

    private static String dataOfFirst(String boundary, ByteBuf body) {
        MultipartReader reader = new MultipartReader(new Boundary(boundary), MultipartLimits.DEFAULT);
        StringBuilder data = new StringBuilder();
        for (MultipartReader.Event event = reader.next(body);
                event != MultipartReader.Event.PART_END;
                event = reader.next(body)) {
            assertThat(event).isNotEqualTo(MultipartReader.Event.NEEDS_INPUT);
            data.append(reader.data().toString(UTF_8));
        }
        return data.toString();
    }

    @Test
    void theHeadOfAPartIsThereOnceOneHasBegun() {
        MultipartReader reader = new MultipartReader(new Boundary("b"), MultipartLimits.DEFAULT);

        assertThatThrownBy(reader::part)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("part: none has begun (expected: PART before)");
    }

    static Stream<Arguments> contentTypes() {
        return Stream.of(
                arguments("multipart/form-data; boundary=abc", "abc"),
                arguments("Multipart/Form-Data;charset=utf-8 ;  BOUNDARY=\"a b\\\"\"", BOUNDARY_CHARACTER),
                arguments("Multipart/Form-Data;charset=utf-8 ;  BOUNDARY=\"a b:c\"", "a b:c"),
                arguments("multipart/form-data; boundary=" + "x".repeat(70), "x".repeat(70)),
                arguments("multipart/form-data; boundary=" + "x".repeat(71), BOUNDARY_TOO_LONG),
                arguments("multipart/form-data; boundary=" + "x".repeat(5000), BOUNDARY_TOO_LONG),
                arguments("multipart/form-data; boundary=\"a \"", BOUNDARY_CHARACTER),
                arguments("multipart/form-data; boundary=\"a\u00e4\"", BOUNDARY_CHARACTER),
                arguments("multipart/form-data; boundary=\"\"", NO_BOUNDARY),
                arguments("multipart/form-data; boundary=", VALUE),
                arguments("multipart/form-data", NO_BOUNDARY),
                arguments("multipart/form-data; boundary=a; boundary=a", PARAMETER_TWICE),
                arguments("multipart/form-data; boundary=a, multipart/form-data; boundary=b", VALUE),
                arguments("multipart/mixed; boundary=a", NOT_FORM_DATA),
                arguments("multipart/form-data; boundary=\"a", VALUE),
                arguments("", VALUE));
    }

    @ParameterizedTest
    @MethodSource("contentTypes")
    void readsTheBoundaryOfAContentType(String contentType, Object expected) {
        Object boundary;
        try {
            boundary = Boundary.of(contentType).text();
        } catch (ViolationException e) {
            boundary = e.violation();
        }

        assertThat(boundary).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("wrongLimits")
    void limitsAreChecked(int parts, int head, int name, int preamble, String message) {
        assertThatThrownBy(() -> new MultipartLimits(parts, head, name, preamble))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    static Stream<Arguments> wrongLimits() {
        return Stream.of(
                arguments(0, 1, 1, 0, "maxParts: 0 (expected: 1 to 2^31 - 1)"),
                arguments(1, 0, 1, 0, "maxHeadBytes: 0 (expected: 1 to 2^31 - 1)"),
                arguments(1, 1, -5, 0, "maxNameChars: -5 (expected: 1 to 2^31 - 1)"),
                arguments(1, 1, 1, -1, "maxPreambleBytes: -1 (expected: 0 to 2^31 - 1)"));
    }

    @Test
    void whatIsLoggedHasNothingOfTheSender() {
        FieldValue type = FieldValue.parse("Text/Plain; charset=\"\u001b[2J\"; format=flowed");

        assertThat(type.toString()).isEqualTo("FieldValue[value=10 characters, parameters=2]");
        assertThat(new PartHead("\r\n\u001b", "../x", null).toString())
                .isEqualTo("PartHead[name=3 characters, fileName=4 characters, contentType=null]");
    }
}
