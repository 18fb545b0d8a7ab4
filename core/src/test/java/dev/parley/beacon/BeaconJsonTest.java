package dev.parley.beacon;

import static dev.parley.beacon.LogFixture.AT;
import static dev.parley.beacon.LogFixture.address;
import static dev.parley.beacon.LogFixture.beacon;
import static dev.parley.beacon.LogFixture.source;
import static dev.parley.beacon.LogFixture.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BeaconJsonTest {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private static String json(Beacon beacon) {
        return new String(BeaconJson.write(beacon), UTF_8);
    }

    private static Beacon read(String json) throws IOException {
        byte[] bytes = json.getBytes(UTF_8);
        return BeaconJson.read(bytes, 0, bytes.length);
    }

    @Test
    void allOfABeaconIsWritten() {
        BeaconSource source = new BeaconSource(
                address("2001:db8:0:0:0:0:0:1"),
                "/é\u20ac\ud83d\ude00",
                "https://example.com",
                "https://example.com/a",
                "Mozilla/5.0 \"x\\y\"",
                Map.of("b", "2", "a", "1"));
        Beacon beacon = new Beacon(
                Instant.parse("2026-01-01T00:00:00.123456789Z"),
                source,
                BeaconBody.of("application/csp-report", "{\"a\":1}\n".getBytes(UTF_8)));

        assertThat(json(beacon))
                .isEqualTo(
                        "{\"at\":\"2026-01-01T00:00:00.123456789Z\",\"kind\":\"csp-report\",\"address\":\"2001:db8::1\","
                                + "\"path\":\"/é\u20ac\ud83d\ude00\",\"origin\":\"https://example.com\","
                                + "\"referrer\":\"https://example.com/a\",\"userAgent\":\"Mozilla/5.0 \\\"x\\\\y\\\"\","
                                + "\"cookies\":{\"a\":\"1\",\"b\":\"2\"},\"contentType\":\"application/csp-report\","
                                + "\"text\":\"{\\\"a\\\":1}\\n\"}");
    }

    @Test
    void whatABeaconDoesNotHaveIsLeftOut() {
        assertThat(json(beacon(null, new byte[0])))
                .isEqualTo("{\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"binary\",\"address\":\"192.0.2.1\","
                        + "\"path\":\"/beacon\",\"text\":\"\"}");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1_000, 10_000, 120_000_000, 1_000_000, 999_999_999, 123_456_000})
    void timesAreWrittenAsTheJdkWritesThem(long nanos) {
        JsonBytes out = new JsonBytes(1);
        for (Instant second : List.of(AT, Instant.EPOCH, Instant.MIN, Instant.MAX.minusNanos(999_999_999))) {
            out.clear(1);
            out.instant(second.plusNanos(nanos)).instant(second.plusNanos(nanos));

            assertThat(out).hasToString(second.plusNanos(nanos).toString().repeat(2));
        }
    }

    @Test
    void controlCharactersNeverComeOut() {
        StringBuilder nasty = new StringBuilder();
        for (char c = 0; c < 0x100; c++) {
            nasty.append(c);
        }
        nasty.append("\u2028\u2029\u001b[31mred\u009b0m");
        String text = nasty.toString();
        BeaconSource source = new BeaconSource(address("192.0.2.1"), text, text, text, text, Map.of(text, text));

        String json = json(new Beacon(AT, source, BeaconBody.of(text, (text + "a".repeat(999)).getBytes(UTF_8))));

        assertThat(json.chars()).noneMatch(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029);
        assertThat(json).contains("\\u001b[31mred\\u009b0m").contains("\"text\":");
    }

    @Test
    void aBodyThatIsNotUtf8IsBase64() {
        assertThat(json(beacon(null, new byte[] {'a', (byte) 0xff}))).endsWith(",\"base64\":\"Yf8=\"}");
    }

    @Test
    void aBodyOfControlCharactersIsBase64AsItWouldGrowSixfold() {
        byte[] zeros = new byte[6000];

        assertThat(BeaconJson.write(beacon(null, zeros)).length).isLessThan(8200);
        assertThat(json(text("\u0000"))).endsWith(",\"base64\":\"AA==\"}");
        assertThat(json(text("\n\n\"\\"))).endsWith(",\"text\":\"\\n\\n\\\"\\\\\"}");
    }

    @Test
    void utf8IsToldFromOtherBytesAsTheJdkTellsIt() {
        Random random = new Random(1);
        byte[] interesting = {
            0, 'a', '"', 0x7f, -128, -113, -112, -97, -96, -65, -64, -63, -62, -33, -32, -19, -17, -16, -12, -11
        };
        JsonBytes out = new JsonBytes(16);
        for (int round = 0; round < 50_000; round++) {
            byte[] bytes = new byte[1 + random.nextInt(5)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = random.nextBoolean()
                        ? (byte) random.nextInt()
                        : interesting[random.nextInt(interesting.length)];
            }
            // As much plain text as keeps escapes below the limit.
            byte[] padded = ByteBuffer.allocate(bytes.length + 40)
                    .put(bytes)
                    .put(new byte[40])
                    .array();
            Arrays.fill(padded, bytes.length, padded.length, (byte) 'x');
            out.clear(16);
            boolean isText = out.utf8(padded);

            assertThat(isText).as("%s", HexFormat.of().formatHex(bytes)).isEqualTo(isUtf8(bytes));
            if (isText) {
                assertThat(MAPPER.readTree(out.copy()).stringValue().getBytes(UTF_8))
                        .isEqualTo(padded);
            } else {
                assertThat(out.size()).isZero();
            }
        }
    }

    @Test
    void halfACharacterInTheNameOfACookieIsReplaced() throws IOException {
        BeaconSource source =
                new BeaconSource(address("192.0.2.1"), "/", null, null, null, Map.of("a\ud800", "\ud800"));
        byte[] json = BeaconJson.write(new Beacon(AT, source, BeaconBody.of(null, new byte[0])));

        assertThat(BeaconJson.read(json, 0, json.length).source().cookies()).isEqualTo(Map.of("a?", "\ud800"));
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    @Test
    void whatIsWrittenIsReadBackExactly() throws IOException {
        Random random = new Random(2);
        for (int round = 0; round < 5_000; round++) {
            Beacon beacon = random(random);
            byte[] json = BeaconJson.write(beacon);
            byte[] inside = new byte[json.length + 20];
            System.arraycopy(json, 0, inside, 7, json.length);

            Beacon back = BeaconJson.read(inside, 7, json.length);

            assertThat(back.at()).isEqualTo(beacon.at());
            assertThat(back.source()).isEqualTo(beacon.source());
            assertThat(back.body().contentType()).isEqualTo(beacon.body().contentType());
            assertThat(back.body().bytes()).isEqualTo(beacon.body().bytes());
            assertThat(back.kind()).isEqualTo(beacon.kind());
            JsonNode tree = MAPPER.readTree(json);
            assertThat(tree.get("path").stringValue()).isEqualTo(beacon.source().path());
        }
    }

    private static Beacon random(Random random) {
        byte[] address = new byte[random.nextBoolean() ? 4 : 16];
        random.nextBytes(address);
        Map<String, String> cookies = new HashMap<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            cookies.put(new String(chars(random).getBytes(UTF_8), UTF_8), chars(random));
        }
        byte[] body = new byte[random.nextInt(40)];
        random.nextBytes(body);
        body = random.nextBoolean() ? body : chars(random).getBytes(UTF_8);
        try {
            BeaconSource source = new BeaconSource(
                    InetAddress.getByAddress(address),
                    chars(random),
                    maybe(random),
                    maybe(random),
                    maybe(random),
                    cookies);
            Instant at = Instant.ofEpochSecond(random.nextLong() % 1_000_000_000_000L, random.nextInt(1_000_000_000));
            return new Beacon(at, source, BeaconBody.of(maybe(random), body));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static @Nullable String maybe(Random random) {
        return random.nextBoolean() ? chars(random) : null;
    }

    /** Any characters, also surrogates that are alone. */
    private static String chars(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(20); i > 0; i--) {
            switch (random.nextInt(6)) {
                case 0 -> text.append((char) random.nextInt(0x100));
                case 1 -> text.append((char) random.nextInt(0x10000));
                case 2 -> text.append((char) (0xd800 + random.nextInt(0x800)));
                case 3 -> text.appendCodePoint(0x10000 + random.nextInt(0x100000));
                case 4 -> text.append("\"\\\r\n\t\u2028\u009b".charAt(random.nextInt(7)));
                default -> text.append((char) ('a' + random.nextInt(26)));
            }
        }
        return text.toString();
    }

    @Test
    void namesOfLaterVersionsArePassedOver() throws IOException {
        Beacon read =
                read("{\"new\":{\"a\":[1,{}]},\"at\":\"2026-01-01T00:00:00Z\",\"other\":null,\"address\":\"192.0.2.1\","
                        + "\"path\":\"/beacon\",\"text\":\"x\",\"origin\":null}");

        assertThat(read.source()).isEqualTo(source());
        assertThat(read.body().text()).isEqualTo("x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{}",
                "{\"at\":\"x\"}",
                "{\"at\":\"2026-01-01T00:00:00Z\",\"address\":\"example.com\",\"path\":\"\",\"text\":\"\"}",
                "{\"at\":\"2026-01-01T00:00:00Z\",\"address\":\"192.0.2.1\",\"path\":\"\",\"base64\":\"?\"}",
                "{\"at\":\"2026-01-01T00:00:00Z\",\"address\":\"192.0.2.1\",\"path\":\"\",\"text\":\"\",\"cookies\":1}",
                "{\"at\":\"2026-01-01T00:00:00Z\",\"address\":\"192.0.2.1\",\"path\":\"\"}"
            })
    void whatIsNoBeaconIsRefused(String json) {
        assertThatThrownBy(() -> read(json)).isInstanceOf(IOException.class).hasMessageContaining("(expected: ");
    }
}
