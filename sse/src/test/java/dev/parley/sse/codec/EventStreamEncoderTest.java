package dev.parley.sse.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventStreamEncoderTest {
    private static final ByteBufAllocator HEAP = new UnpooledByteBufAllocator(false);

    private static byte[] bytes(ServerSentEvent event) {
        ByteBuf buffer = EventStreamEncoder.encode(event, HEAP);
        try {
            assertThat(buffer.writableBytes()).as("the size is exact").isZero();
            byte[] bytes = new byte[buffer.readableBytes()];
            buffer.readBytes(bytes);
            return bytes;
        } finally {
            buffer.release();
        }
    }

    private static String wire(ServerSentEvent event) {
        return new String(bytes(event), UTF_8);
    }

    private static String dataWire(String data) {
        return wire(ServerSentEvent.of(data));
    }

    @Test
    void allFieldsHaveTheirPlace() {
        ServerSentEvent event = ServerSentEvent.builder()
                .data("d")
                .event("e")
                .id("i")
                .retry(Duration.ofSeconds(3))
                .comment("c")
                .build();

        assertThat(wire(event)).isEqualTo(": c\nretry: 3000\nid: i\nevent: e\ndata: d\n\n");
    }

    @Test
    void whatIsNotSetIsNotWritten() {
        assertThat(wire(ServerSentEvent.builder().id("").build())).isEqualTo("id: \n\n");
        assertThat(wire(ServerSentEvent.builder().retry(Duration.ZERO).build())).isEqualTo("retry: 0\n\n");
        assertThat(wire(ServerSentEvent.builder().comment("").build())).isEqualTo(": \n\n");
    }

    @Test
    void emptyDataIsALine() {
        assertThat(dataWire("")).isEqualTo("data: \n\n");
    }

    @Test
    void dataIsSplitAtEachKindOfLineEnd() {
        assertThat(dataWire("a\nb\rc\r\nd")).isEqualTo("data: a\ndata: b\ndata: c\ndata: d\n\n");
        assertThat(dataWire("a\n\rb")).isEqualTo("data: a\ndata: \ndata: b\n\n");
        assertThat(dataWire("a\r\r\nb")).isEqualTo("data: a\ndata: \ndata: b\n\n");
    }

    @Test
    void lineEndsAtTheEndAreKept() {
        assertThat(dataWire("\n")).isEqualTo("data: \ndata: \n\n");
        assertThat(dataWire("a\r\n\r\n")).isEqualTo("data: a\ndata: \ndata: \n\n");
        assertThat(dataWire("a\r")).isEqualTo("data: a\ndata: \n\n");
    }

    @Test
    void leadingSpacesAreKept() {
        assertThat(dataWire("  x\n y")).isEqualTo("data:   x\ndata:  y\n\n");
    }

    @Test
    void commentsAreSplitLikeData() {
        assertThat(wire(ServerSentEvent.builder().comment("a\rdata: x\r\n\nb").build()))
                .isEqualTo(": a\n: data: x\n: \n: b\n\n");
    }

    @Test
    void unpairedSurrogatesBecomeQuestionMarks() {
        assertThat(dataWire("a\uD83Db\uDE00c\uD83D")).isEqualTo("data: a?b?c?\n\n");
        assertThat(dataWire("\uD83D\n\uDE00")).isEqualTo("data: ?\ndata: ?\n\n");
        assertThat(dataWire("\uD83D\uDE00")).isEqualTo("data: \uD83D\uDE00\n\n");
    }

    @Test
    void anUnpairedSurrogateDoesNotMakeALineEndOfWhatFollows() {
        // The low bytes of U+010A and U+010D are LF and CR.
        assertThat(dataWire("\uD800\u010Aid: 1\uD800\u010Did: 2")).isEqualTo("data: ?\u010Aid: 1?\u010Did: 2\n\n");
    }

    @Test
    void nothingThatLooksLikeALineEndElsewhereSplits() {
        assertThat(dataWire("a\u000Bb\fc\u0085d\u2028e\u2029f"))
                .isEqualTo("data: a\u000Bb\fc\u0085d\u2028e\u2029f\n\n");
    }

    @Test
    void bytesAreEncodedAsTheTextThatTheyAre() {
        for (String text : List.of("", "x", "é€\uD83D\uDE00", "a\nb\rc\r\nd", "\r", "\n\n")) {
            ByteBuf out = Unpooled.buffer(0);

            EventStreamEncoder.encode("1", "e", text.getBytes(UTF_8), out);

            assertThat(out.toString(UTF_8))
                    .isEqualTo(wire(ServerSentEvent.builder()
                            .id("1")
                            .event("e")
                            .data(text)
                            .build()));
        }
    }

    @Test
    void malformedBytesCanNotHideALineEnd() {
        ByteBuf out = Unpooled.buffer(0);

        EventStreamEncoder.encode(null, null, new byte[] {'a', (byte) 0xF0, '\n', 'i', 'd', ':'}, out);

        byte[] wire = new byte[out.readableBytes()];
        out.readBytes(wire);
        Heard heard = Heard.of(wire);
        assertThat(heard.data()).containsExactly("a\uFFFD\nid:");
        assertThat(heard.lastEventId()).isNull();
    }

    @Test
    void blocksAreAppended() {
        ByteBuf out = Unpooled.buffer(0);

        EventStreamEncoder.encode(ServerSentEvent.of("a"), out);
        EventStreamEncoder.encode("2", null, new byte[] {'b'}, out);

        assertThat(out.toString(UTF_8)).isEqualTo("data: a\n\nid: 2\ndata: b\n\n");
    }

    @Test
    void whatWouldBreakOutOfItsFieldIsRefusedBeforeAnythingIsWritten() {
        ByteBuf out = Unpooled.buffer(0);

        assertThatIllegalArgumentException().isThrownBy(() -> EventStreamEncoder.encode("1\n", null, new byte[0], out));
        assertThatIllegalArgumentException().isThrownBy(() -> EventStreamEncoder.encode(null, "a\r", new byte[0], out));

        assertThat(out.readableBytes()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a\revent: x", "a\nid: 1", "a\r\nretry: 1", "\r\rdata: x", "a\n\ndata: x\n\n", "\n:", "\uFEFF"})
    void dataAndCommentsInjectNothing(String attack) {
        ServerSentEvent event = new ServerSentEvent("0", "name", attack, null, attack);

        Heard heard = Heard.of(bytes(event));

        assertThat(heard.events()).containsExactly(new ServerSentEvent("0", "name", lineFeeds(attack), null, null));
        assertThat(heard.lastEventId()).isEqualTo("0");
        assertThat(heard.all()).noneMatch(Duration.class::isInstance);
    }

    /** For any event: what was encoded is heard again, with LF for each line end. */
    @Test
    void whatIsEncodedIsHeard() {
        for (int i = 0; i < 20_000; i++) {
            long seed = 0x5EEDL + i;
            Random random = new Random(seed);
            ServerSentEvent sent = anyEvent(random);
            byte[] wire = bytes(sent);
            byte[][] chunks = cut(wire, random);

            Heard heard = Heard.of(chunks);

            assertThat(heard).as("seed %d", seed).isEqualTo(expected(sent));
        }
    }

    private static Heard expected(ServerSentEvent sent) {
        List<Object> all = new ArrayList<>();
        if (sent.comment() != null) {
            for (String line : lineFeeds(sent.comment()).split("\n", -1)) {
                all.add(new Heard.Comment(line));
            }
        }
        if (sent.retry() != null) {
            all.add(sent.retry());
        }
        String id = sent.id() == null ? null : wellFormed(sent.id());
        if (sent.data() != null) {
            String name = sent.event() == null ? null : wellFormed(sent.event());
            all.add(new ServerSentEvent(id, name, lineFeeds(sent.data()), null, null));
        }
        return new Heard(all, id);
    }

    private static String lineFeeds(String text) {
        return wellFormed(text).replace("\r\n", "\n").replace('\r', '\n');
    }

    private static String wellFormed(String text) {
        StringBuilder result = new StringBuilder();
        text.codePoints().forEach(c -> result.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? '?' : c));
        return result.toString();
    }

    private static ServerSentEvent anyEvent(Random random) {
        String id = random.nextBoolean() ? null : anyText(random).replaceAll("[\r\n\0]", "");
        String data = random.nextInt(8) == 0 ? null : anyText(random);
        String event =
                data == null || random.nextBoolean() ? null : anyText(random).replaceAll("[\r\n]", "") + "e";
        Duration retry =
                random.nextInt(4) == 0 ? Duration.ofMillis(random.nextLong() >>> (1 + random.nextInt(60))) : null;
        String comment =
                random.nextInt(4) == 0 || (id == null && data == null && retry == null) ? anyText(random) : null;
        return new ServerSentEvent(id, event, data, retry, comment);
    }

    private static String anyText(Random random) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(20); length > 0; length--) {
            switch (random.nextInt(10)) {
                case 0 -> text.append('\r');
                case 1 -> text.append('\n');
                case 2 -> text.append("\r\n");
                case 3 -> text.append(random.nextBoolean() ? ' ' : ':');
                case 4 -> text.append((char) random.nextInt(0x20));
                case 5 -> text.append((char) (0xD800 + random.nextInt(0x800)));
                case 6 -> text.appendCodePoint(0x10000 + random.nextInt(0x100000));
                case 7 -> text.append((char) random.nextInt(0x10000));
                case 8 -> text.append(random.nextBoolean() ? '\uFEFF' : '\u010A');
                default -> text.append((char) (0x20 + random.nextInt(0x60)));
            }
        }
        return text.toString();
    }

    private static byte[][] cut(byte[] wire, Random random) {
        int cut = random.nextInt(wire.length + 1);
        return new byte[][] {Arrays.copyOfRange(wire, 0, cut), Arrays.copyOfRange(wire, cut, wire.length)};
    }
}
