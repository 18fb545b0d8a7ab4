package dev.parley.upload;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.parley.http.ProblemException;
import dev.parley.http.codec.FieldValue;
import dev.parley.http.codec.ViolationException;
import dev.parley.upload.UploadDigest.Algorithm;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import java.math.BigInteger;
import java.net.URLEncoder;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Any text at all in the fields of an upload: it is read or refused with 400, and what was read is the same when it is written and read again.
 *
 * <p>A build runs the seeds, and fields by a generator whose own seed is fixed. To search for new ones, for ten minutes:
 *
 * <pre>{@code JAZZER_FUZZ=1 mvn -pl core -am test -Djazzer.hooks=true -Dtest=UploadFieldsFuzzTest#anyMetadata \
 *   -Dsurefire.failIfNoSpecifiedTests=false}</pre>
 */
class UploadFieldsFuzzTest {
    private static final int GENERATED = 4000;
    private static final int MAX_METADATA_CHARS = 8 * 1024;

    private static final Pattern METADATA_ENTRY =
            Pattern.compile("[!-~&&[^,]]+(?: (?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?)?");

    // ---- Upload-Metadata

    @FuzzTest(maxDuration = "10m")
    void anyMetadata(byte[] input) throws Exception {
        isMetadata(new String(input, ISO_8859_1));
    }

    @Test
    void metadataInPieces() throws Exception {
        generate(UploadFieldsFuzzTest::isMetadata, new String[] {
            "filename",
            "a",
            ",",
            ",",
            ", ",
            " ",
            " ",
            "=",
            "Zg==",
            "Zg",
            "/w==",
            "w6Q=",
            "AA==",
            "\u00e4",
            "\t",
            "8J+Y",
            "gA==",
            "-",
            "_"
        });
    }

    private static boolean isMetadata(String field) throws Exception {
        Map<String, String> metadata = readOrRefused(() -> TusMetadata.parse(field));
        if (metadata == null) {
            return false;
        }
        List<String> entries = field.isBlank()
                ? List.of()
                : List.of(field.split(",", -1)).stream().map(String::strip).toList();
        assertThat(field.isBlank() || field.length() <= MAX_METADATA_CHARS).isTrue();
        assertThat(entries).hasSizeLessThanOrEqualTo(100).allMatch(METADATA_ENTRY.asMatchPredicate());
        assertThat(metadata.keySet())
                .containsExactlyElementsOf(
                        entries.stream().map(entry -> entry.split(" ", -1)[0]).toList());
        String written = metadata.entrySet().stream()
                .map(entry -> entry.getKey()
                        + ' '
                        + Base64.getEncoder().encodeToString(entry.getValue().getBytes(UTF_8)))
                .collect(Collectors.joining(","));
        if (written.length() <= MAX_METADATA_CHARS) { // what is no UTF-8 may have become longer
            assertThat(TusMetadata.parse(written)).as("again").isEqualTo(metadata);
        }
        UploadState state = new UploadState(
                new UploadState.About(Instant.EPOCH, null, null, metadata, field, null, null, 1, "t", null),
                -1,
                Instant.EPOCH,
                -1,
                UploadState.Stage.RECEIVING,
                null);
        assertThat(UploadState.parse(state.toJson())).as("as it is kept").isEqualTo(state);
        return true;
    }

    // ---- Repr-Digest and Content-Digest

    /** Each line is a field of its own. */
    @FuzzTest(maxDuration = "10m")
    void anyDigest(byte[] input) {
        isDigest(new String(input, ISO_8859_1));
    }

    @Test
    void digestsInPieces() throws Exception {
        String[] sums = Arrays.stream(Algorithm.values())
                .map(algorithm -> Base64.getEncoder().encodeToString(new byte[algorithm.bytes()]))
                .toArray(String[]::new);
        generate(UploadFieldsFuzzTest::isDigest, new String[] {
            "sha-512=:" + sums[0] + ":",
            "sha-256=:" + sums[1] + ":",
            "sha=:" + sums[2] + ":",
            "crc32c=:" + sums[3] + ":",
            "sha-256=:",
            "md5=:",
            sums[1],
            ":",
            ",",
            ", ",
            "\n",
            "=",
            "AA==",
            "\u00e4"
        });
    }

    private static boolean isDigest(String lines) {
        HttpHeaders headers = headers("Repr-Digest", lines.split("\n", -1));
        Optional<UploadDigest> digest = readOrRefused(() -> Digests.strongest(headers, "Repr-Digest"));
        if (digest == null) {
            return false;
        }
        assertThat(readOrRefused(() -> Digests.stated(headers))).isEqualTo(digest);
        digest.ifPresent(read -> {
            assertThat(read.expected()).hasSize(read.algorithm().bytes());
            assertThat(lines).contains(read.algorithm().fieldName());
            assertThat(Digests.strongest(headers("Content-Digest", read.toField()), "Content-Digest"))
                    .as("again")
                    .hasValue(read);
        });
        UploadDigest strongest = new UploadDigest(Algorithm.SHA_512, new byte[64]);
        assertThat(Digests.strongest(headers.add("Repr-Digest", strongest.toField()), "Repr-Digest"))
                .as("with a stronger one")
                .hasValue(strongest);
        return digest.isPresent();
    }

    private static HttpHeaders headers(String name, String... values) {
        return DefaultHttpHeadersFactory.headersFactory()
                .withValidation(false)
                .newHeaders()
                .add(name, List.of(values));
    }

    // ---- numbers of bytes

    @FuzzTest(maxDuration = "10m")
    void anyNumber(byte[] input) {
        isNumber(new String(input, ISO_8859_1));
        isNumber(new String(input, UTF_8)); // which has the digits of other scripts
    }

    @Test
    void numbersInPieces() throws Exception {
        generate(UploadFieldsFuzzTest::isNumber, new String[] {
            "0", "1", "9", "99999999", "000000000", "-", "+", " ", ".", "e", "0x", "\u0661", "\uFF11", "_", "L"
        });
    }

    private static boolean isNumber(String field) {
        Long bytes = readOrRefused(() -> Fields.bytes("Upload-Length", field));
        assertThat(bytes != null).isEqualTo(field.matches("[0-9]{1,18}"));
        if (bytes != null) {
            assertThat(BigInteger.valueOf(bytes)).isEqualTo(new BigInteger(field));
        }
        return bytes != null;
    }

    // ---- Content-Disposition

    @FuzzTest(maxDuration = "10m")
    void anyDisposition(byte[] input) {
        isDisposition(new String(input, ISO_8859_1));
        isDisposition(new String(input, UTF_8));
    }

    @Test
    void dispositionsInPieces() throws Exception {
        generate(UploadFieldsFuzzTest::isDisposition, new String[] {
            "attachment; filename=",
            "attachment; filename=\"",
            "attachment; filename*=UTF-8''",
            "; filename*=ISO-8859-1''",
            "attachment",
            "; ",
            "\"",
            "\"",
            "\\",
            "\\\"",
            "%22",
            "%e4",
            "%c3%a4",
            "%0",
            "../",
            "a",
            "\u00e4",
            "\u202e",
            " ",
            "="
        });
    }

    private static boolean isDisposition(String field) {
        String name;
        try {
            name = FieldValue.parse(field).text("filename");
        } catch (ViolationException refused) {
            return false;
        }
        if (name == null) {
            return false;
        }
        String quoted = "attachment; filename=\"" + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
        assertThat(FieldValue.parse(quoted).text("filename")).as("quoted again").isEqualTo(name);
        String extended =
                "attachment; filename*=UTF-8''" + URLEncoder.encode(name, UTF_8).replace("+", "%20");
        assertThat(FieldValue.parse(extended).text("filename"))
                .as("extended again")
                .isEqualTo(name);
        return true;
    }

    // ---- what all have in common

    /** What was read, or {@code null} if it was refused as it should be. */
    private static <T> @Nullable T readOrRefused(Supplier<T> read) {
        try {
            return read.get();
        } catch (ProblemException refused) {
            assertThat(refused.problem().status()).isEqualTo(400);
            assertThat(refused.problem().detail()).contains("(expected: ");
            return null;
        }
    }

    private interface Check {
        boolean isRead(String field) throws Exception;
    }

    private static void generate(Check check, String[] pieces) throws Exception {
        SplittableRandom random = new SplittableRandom(9530);
        int read = 0;
        for (int i = 0; i < GENERATED; i++) {
            StringBuilder field = new StringBuilder();
            for (int left = 1 + random.nextInt(6); left > 0; left--) {
                field.append(pieces[random.nextInt(pieces.length)]);
            }
            read += check.isRead(field.toString()) ? 1 : 0;
        }
        assertThat(read).isBetween(GENERATED / 200, GENERATED * 9 / 10); // else the generator is not worth much
    }
}
