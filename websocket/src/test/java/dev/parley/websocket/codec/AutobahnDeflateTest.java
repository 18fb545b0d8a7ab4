package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.AutobahnClient.repeated;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Chapters 12 and 13 of the Autobahn test suite: compressed messages of 16 bytes to 128 KiB, whole and in fragments, of five kinds
 * of data, and with seven sets of parameters. The data is made here, of the same kinds.
 *
 * <p>The suite sends 1000 messages in each case, which takes some ten minutes for all; so does {@code -Dparley.long=true}. Else
 * it is 128 KiB in each case, at least two messages and at most 1000.
 */
class AutobahnDeflateTest {
    private static final int DATA_BYTES = 256 * 1024;
    private static final int SHORT_BYTES = 128 * 1024;
    private static final int MOST_MESSAGES = 1000;

    /** Message size, and that of its fragments, 0 for one. */
    private static final int[][] SIZES = {
        {16, 0},
        {64, 0},
        {256, 0},
        {1024, 0},
        {4096, 0},
        {8192, 0},
        {16384, 0},
        {32768, 0},
        {65536, 0},
        {131072, 0},
        {8192, 256},
        {16384, 256},
        {32768, 256},
        {65536, 256},
        {131072, 256},
        {131072, 1024},
        {131072, 4096},
        {131072, 32768}
    };

    private static final String DEFAULT_OFFER =
            "permessage-deflate; client_no_context_takeover; client_max_window_bits";

    /** What the client offers in each group of chapter 13. */
    private static final List<String> OFFERS = List.of(
            DEFAULT_OFFER,
            DEFAULT_OFFER + "; server_no_context_takeover",
            DEFAULT_OFFER + "; server_max_window_bits=8",
            DEFAULT_OFFER + "; server_max_window_bits=15",
            DEFAULT_OFFER + "; server_no_context_takeover; server_max_window_bits=8",
            DEFAULT_OFFER + "; server_no_context_takeover; server_max_window_bits=15",
            DEFAULT_OFFER + "; server_no_context_takeover; server_max_window_bits=8, " + DEFAULT_OFFER
                    + "; server_no_context_takeover, " + DEFAULT_OFFER);

    private record Data(int opcode, byte[] bytes) {
        /** The message that begins there; what is behind the end is at the beginning. */
        byte[] message(int from, int size) {
            byte[] message = new byte[size];
            for (int i = 0; i < size; i++) {
                message[i] = bytes[(from + i) % bytes.length];
            }
            return message;
        }
    }

    private static Data json() {
        StringBuilder json = new StringBuilder("[");
        for (int i = 0; json.length() < DATA_BYTES; i++) {
            json.append("{\"id\":")
                    .append(i)
                    .append(",\"name\":\"item ")
                    .append(i % 97)
                    .append("\",\"price\":")
                    .append(i * 7919 % 10_007)
                    .append("},");
        }
        return new Data(Opcode.TEXT, Arrays.copyOf(json.toString().getBytes(UTF_8), DATA_BYTES));
    }

    private static Data html() {
        StringBuilder html = new StringBuilder("<!doctype html><table>");
        for (int i = 0; html.length() < DATA_BYTES; i++) {
            html.append("<tr class=\"row-")
                    .append(i % 2)
                    .append("\"><td>")
                    .append(Integer.toHexString(i * 40_503))
                    .append("</td></tr>\n");
        }
        return new Data(Opcode.TEXT, Arrays.copyOf(html.toString().getBytes(UTF_8), DATA_BYTES));
    }

    private static Data prose() {
        String[] words = {"habe", "nun", "ach", "Philosophie", "Juristerei", "und", "Medizin", "durchaus", "studiert"};
        SplittableRandom random = new SplittableRandom(12);
        StringBuilder prose = new StringBuilder();
        while (prose.length() < DATA_BYTES) {
            prose.append(words[random.nextInt(words.length)]).append(random.nextInt(9) == 0 ? ",\n" : " ");
        }
        return new Data(Opcode.BINARY, Arrays.copyOf(prose.toString().getBytes(UTF_8), DATA_BYTES));
    }

    private static Data picture() {
        SplittableRandom random = new SplittableRandom(12);
        byte[] picture = new byte[DATA_BYTES];
        for (int i = 0; i < DATA_BYTES; i++) {
            picture[i] = (byte) (i % 512 / 4 + i / 4096 + random.nextInt(3));
        }
        return new Data(Opcode.BINARY, picture);
    }

    /** As a file that is compressed already. */
    private static Data noise() {
        byte[] noise = new byte[DATA_BYTES];
        new SplittableRandom(12).nextBytes(noise);
        return new Data(Opcode.BINARY, noise);
    }

    @Test
    void noCaseIsMissing() {
        assertThat(chapter12()).hasSize(90);
        assertThat(chapter13()).hasSize(126);
    }

    @TestFactory
    List<DynamicTest> chapter12() {
        List<DynamicTest> cases = new ArrayList<>();
        List<Data> kinds = List.of(json(), picture(), prose(), html(), noise());
        for (int i = 0; i < kinds.size(); i++) {
            add(
                    cases,
                    "12." + (i + 1),
                    kinds.get(i),
                    () -> Deflate.agree(DEFAULT_OFFER, DeflateSettings.withoutTakeover()));
        }
        return cases;
    }

    @TestFactory
    List<DynamicTest> chapter13() {
        List<DynamicTest> cases = new ArrayList<>();
        Data data = json();
        for (int i = 0; i < OFFERS.size(); i++) {
            String offers = OFFERS.get(i);
            add(
                    cases,
                    "13." + (i + 1),
                    data,
                    () -> Deflate.agree(offers, DeflateSettings.withTakeover(new MemoryBudget(1 << 20))));
        }
        return cases;
    }

    private static void add(List<DynamicTest> cases, String number, Data data, Supplier<DeflateAgreement> agreement) {
        for (int i = 0; i < SIZES.length; i++) {
            int size = SIZES[i][0];
            int fragment = SIZES[i][1];
            cases.add(dynamicTest(number + "." + (i + 1), () -> {
                try (AutobahnClient client = new AutobahnClient(agreement.get())) {
                    echo(client, data, size, fragment);
                    client.closes();
                }
            }));
        }
    }

    private static void echo(AutobahnClient client, Data data, int size, int fragment) {
        int messages = Boolean.getBoolean("parley.long")
                ? MOST_MESSAGES
                : Math.min(MOST_MESSAGES, Math.max(2, SHORT_BYTES / size));
        for (int i = 0; i < messages; i++) {
            byte[] message = data.message(i * size % DATA_BYTES, size);
            client.sendCompressed(data.opcode(), message, fragment).gets(AutobahnClient.line(data.opcode(), message));
        }
    }

    @Test
    void theDataIsOfItsKind() {
        assertThat(Zlib.deflated(json().bytes()).length).isLessThan(DATA_BYTES / 3);
        assertThat(Zlib.deflated(noise().bytes()).length).isGreaterThan(DATA_BYTES);
        assertThat(json().message(DATA_BYTES - 1, 2)).isEqualTo(new byte[] {json().bytes()[DATA_BYTES - 1], '['});
        assertThat(repeated("ab", 3)).isEqualTo("aba".getBytes(UTF_8));
    }
}
