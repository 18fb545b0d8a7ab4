package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 6455 section 5, as a server reads it. All that is heard is heard for each way to cut the bytes. */
class FramingTest {
    private static final int RSV1 = 0x40;
    private static final int RSV2 = 0x20;
    private static final int RSV3 = 0x10;

    private static byte[] payload(int length) {
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++) {
            payload[i] = (byte) ('a' + i % 26);
        }
        return payload;
    }

    // ---- masks and lengths

    @Test
    void theExampleOfTheRfcIsRead() {
        assertThat(Heard.of(frames().hex("81 85 37fa213d 7f9f4d5158"))).containsExactly("text Hello");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 0x01020304, 0x80000000, 0xFF000000, 0x000000FF})
    void everyMaskIsTakenOff(int mask) {
        List<String> heard =
                Heard.of(frames().mask(mask).text("sixteen and more, \u20ac").ping("p"));

        assertThat(heard).containsExactly("text sixteen and more, \u20ac", "ping p");
    }

    @ParameterizedTest
    @ValueSource(strings = {"8105 48656c6c6f", "8100", "8900", "82 7e 0000", "88 02 03e8"})
    void anUnmaskedFrameIsRefusedWithItsSecondByte(String frame) {
        assertThat(Heard.of(frames().hex(frame))).containsExactly("! NOT_MASKED");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537, 99_999, 100_000})
    void messagesOfEachLengthAreRead(int length) {
        byte[] payload = payload(length);

        assertThat(Heard.of(frames().binary(payload).frame(0x81, payload)))
                .containsExactly(Heard.binary(payload), Heard.text(payload));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "82 fe 0000",
                "82 fe 0001",
                "82 fe 007d",
                "82 ff 0000000000000000",
                "82 ff 000000000000007e",
                "82 ff 000000000000ffff"
            })
    void aLengthMustBeInItsShortestForm(String head) {
        assertThat(Heard.of(frames().hex(head))).containsExactly("! LENGTH_NOT_MINIMAL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"8000000000000000", "ffffffffffffffff", "8000000000000001"})
    void aLengthWithItsHighestBitIsRefused(String length) {
        assertThat(Heard.of(frames().hex("82 ff" + length))).containsExactly("! LENGTH_NEGATIVE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7fffffffffffffff", "0000000100000001", "00000000ffffffff", "0000000080000000"})
    void aLengthBeyondAnIntIsTooBigAndNeverCutOff(String length) {
        assertThat(Heard.of(frames().hex("82 ff" + length), ReaderLimits.of(Integer.MAX_VALUE)))
                .containsExactly("! FRAME_TOO_BIG");
    }

    // ---- opcodes and bits

    private static Stream<Integer> firstBytes() {
        return IntStream.range(0, 256).boxed();
    }

    /** What RFC 6455 sections 5.2 to 5.5 say of a first byte, where no message has begun. */
    private static String expected(int first, boolean deflate) {
        int opcode = first & 0x0F;
        boolean fin = first >= 0x80;
        boolean control = opcode >= 8;
        boolean marked = (first & RSV1) != 0;
        if ((first & (RSV2 | RSV3)) != 0) {
            return "! RESERVED_BIT";
        } else if (opcode > 10 || opcode > 2 && opcode < 8) {
            return "! RESERVED_OPCODE";
        } else if (marked && (!deflate || control || opcode == 0)) {
            return "! RESERVED_BIT";
        } else if (control && !fin) {
            return "! CONTROL_FRAGMENTED";
        } else if (opcode == 0) {
            return "! NOTHING_TO_CONTINUE";
        }
        return switch (opcode) {
            case 1 -> fin ? "text ok" : "";
            case 2 -> fin ? "binary 6f6b" : "";
            case 8 -> "! CLOSE_CODE";
            case 9 -> "ping ok";
            default -> "pong ok";
        };
    }

    @ParameterizedTest
    @MethodSource("firstBytes")
    void everyFirstByteIsTakenOrRefused(int first) {
        String expected = expected(first, false);

        List<String> heard = Heard.of(frames().frame(first, "ok"));

        assertThat(heard).isEqualTo(expected.isEmpty() ? List.of() : List.of(expected));
    }

    @ParameterizedTest
    @MethodSource("firstBytes")
    void everyFirstByteIsTakenOrRefusedWithDeflateAgreedOn(int first) {
        String expected = expected(first, true);
        byte[] ok = "ok".getBytes(UTF_8);

        List<String> heard = Heard.compressed(frames().frame(first, (first & RSV1) != 0 ? Zlib.deflated(ok) : ok));

        assertThat(heard).isEqualTo(expected.isEmpty() ? List.of() : List.of(expected));
    }

    @ParameterizedTest
    @MethodSource("firstBytes")
    void everyFirstByteIsTakenOrRefusedInTheMidstOfAMessage(int first) {
        String alone = expected(first, true);
        List<String> expected = switch (alone) {
            case "! NOTHING_TO_CONTINUE" -> first >= 0x80 ? List.of("text ook") : List.of();
            case "", "text ok", "binary 6f6b" -> List.of("! MESSAGE_NOT_ENDED");
            default -> List.of(alone);
        };

        assertThat(Heard.compressed(frames().textBegins("o").frame(first, "ok")))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x88, 0x89, 0x8A})
    void aControlFrameHas125BytesAtMost(int first) {
        assertThat(Heard.of(frames().frame(first, payload(126)))).containsExactly("! CONTROL_TOO_LONG");
        assertThat(Heard.of(frames().hex(Integer.toHexString(first) + "ff"))).containsExactly("! CONTROL_TOO_LONG");
        assertThat(Heard.of(frames().hex(Integer.toHexString(first) + "fe"))).containsExactly("! CONTROL_TOO_LONG");
    }

    @Test
    void controlFramesOf125BytesAreTaken() {
        String most = "p".repeat(125);

        assertThat(Heard.of(frames().ping(most).pong(most).close(1000, "r".repeat(123))))
                .containsExactly("ping " + most, "pong " + most, "close 1000 " + "r".repeat(123));
    }

    @Test
    void controlFramesDoNotCountAgainstTheLimits() {
        assertThat(Heard.of(frames().text("1234").ping("more than four"), ReaderLimits.of(4)))
                .containsExactly("text 1234", "ping more than four");
    }

    // ---- fragments

    @Test
    void fragmentsAreOneMessage() {
        assertThat(Heard.of(frames().textBegins("a").goesOn("b").ends("c").text("d")))
                .containsExactly("text abc", "text d");
    }

    @Test
    void fragmentsMayBeEmpty() {
        assertThat(Heard.of(frames().textBegins("").goesOn("").ends(""))).containsExactly("text ");
        assertThat(Heard.of(frames().textBegins("").goesOn("b").ends(""))).containsExactly("text b");
        assertThat(Heard.of(frames().textBegins("").ends("b").text("c"))).containsExactly("text b", "text c");
    }

    @Test
    void eachFragmentHasItsOwnMask() {
        ClientFrames frames = frames().mask(0x01020304)
                .textBegins("one")
                .mask(-1)
                .goesOn("two")
                .mask(0x7F000080)
                .ends("three, and more than eight bytes");

        assertThat(Heard.of(frames)).containsExactly("text onetwothree, and more than eight bytes");
    }

    @Test
    void controlFramesMayComeBetweenFragments() {
        ClientFrames frames = frames().textBegins("a")
                .ping("1")
                .ping("")
                .goesOn("b")
                .pong("2")
                .ends("c")
                .close(1000, "");

        assertThat(Heard.of(frames)).containsExactly("ping 1", "ping ", "pong 2", "text abc", "close 1000");
    }

    @Test
    void aCloseFrameMayComeBetweenFragments() {
        assertThat(Heard.of(frames().textBegins("a").close(1001, "").ends("b"))).containsExactly("close 1001");
    }

    @Test
    void nothingIsReadBehindTheCloseFrame() {
        assertThat(Heard.of(frames().close(1000, "").text("a").hex("ff"))).containsExactly("close 1000");
    }

    @Test
    void whatCameBeforeAViolationIsHeard() {
        assertThat(Heard.of(frames().text("a").ping("b").ends("c")))
                .containsExactly("text a", "ping b", "! NOTHING_TO_CONTINUE");
    }

    // ---- limits

    @Test
    void aFrameMayBeAsLongAsItsLimit() {
        ReaderLimits limits = new ReaderLimits(300, 1000, 1000, ReaderLimits.usualBudget(1000));

        assertThat(Heard.of(frames().binary(payload(300)), limits)).containsExactly(Heard.binary(payload(300)));
        assertThat(Heard.of(frames().head(0x82, 301), limits)).containsExactly("! FRAME_TOO_BIG");
        assertThat(Heard.of(frames().frame(0x02, payload(300)).head(0x80, 301), limits))
                .containsExactly("! FRAME_TOO_BIG");
    }

    @Test
    void aMessageMayBeAsLongAsItsLimit() {
        ReaderLimits limits = new ReaderLimits(1000, 10, 1000, ReaderLimits.usualBudget(10));

        assertThat(Heard.of(frames().textBegins("12345").goesOn("").ends("67890"), limits))
                .containsExactly("text 1234567890");
        assertThat(Heard.of(frames().textBegins("12345").goesOn("").head(0x80, 6), limits))
                .containsExactly("! MESSAGE_TOO_BIG");
        assertThat(Heard.of(frames().head(0x81, 11), limits)).containsExactly("! MESSAGE_TOO_BIG");
        assertThat(Heard.of(frames().textBegins("1234567890").ends("").text("1234567890"), limits))
                .containsExactly("text 1234567890", "text 1234567890");
    }

    @Test
    void anInflatedMessageMayBeAsLongAsItsLimit() {
        ReaderLimits limits = new ReaderLimits(1000, 1000, 5000, ReaderLimits.usualBudget(1000));

        assertThat(Heard.compressed(frames().compressed(Opcode.BINARY, new byte[5000]), limits))
                .containsExactly(Heard.binary(new byte[5000]));
        assertThat(Heard.compressed(frames().compressed(Opcode.BINARY, new byte[5001]), limits))
                .containsExactly("! INFLATED_TOO_BIG");
    }

    @Test
    void aSmallLimitHoldsForTheShortestLengths() {
        assertThat(Heard.of(frames().text(""), ReaderLimits.of(1))).containsExactly("text ");
        assertThat(Heard.of(frames().text("1"), ReaderLimits.of(1))).containsExactly("text 1");
        assertThat(Heard.of(frames().head(0x81, 2), ReaderLimits.of(1))).containsExactly("! FRAME_TOO_BIG");
    }

    // ---- compression

    @Test
    void compressedMessagesAndOthersMayFollowEachOther() {
        byte[] message = "compressed, compressed, compressed".getBytes(UTF_8);

        assertThat(Heard.compressed(frames().compressed(Opcode.TEXT, message)
                        .text("plain")
                        .compressed(Opcode.BINARY, message)
                        .compressed(Opcode.TEXT, new byte[0])))
                .containsExactly(Heard.text(message), "text plain", Heard.binary(message), "text ");
    }

    @Test
    void aCompressedMessageMayBeInFragmentsWithPingsBetween() {
        byte[] compressed = Zlib.deflated("compressed, compressed, compressed".getBytes(UTF_8));
        ClientFrames frames = frames();
        for (int i = 0; i < compressed.length; i++) {
            int first = (i == 0 ? RSV1 | Opcode.TEXT : 0) | (i == compressed.length - 1 ? 0x80 : 0);
            frames.frame(first, new byte[] {compressed[i]}).ping("");
        }

        assertThat(Heard.compressed(frames))
                .contains("text compressed, compressed, compressed")
                .hasSize(compressed.length + 1);
    }

    @Test
    void whatIsInflatedMustBeUtf8() {
        byte[] bad = {'o', 'k', (byte) 0xFF};

        assertThat(Heard.compressed(frames().compressed(Opcode.TEXT, bad))).containsExactly("! NOT_UTF8");
        assertThat(Heard.compressed(frames().compressed(Opcode.BINARY, bad))).containsExactly("binary 6f6bff");
    }

    @Test
    void whatIsCompressedNeedNotBeUtf8() {
        byte[] message = "a text of which the compressed form is no UTF-8".getBytes(UTF_8);
        byte[] compressed = Zlib.deflated(message);

        assertThat(Heard.compressed(frames().frame(0x41, compressed)
                        .frame(0x80, new byte[0])
                        .text("\u20ac")))
                .containsExactly(Heard.text(message), "text \u20ac");
    }

    @Test
    void whatIsNotDeflateIsRefused() {
        assertThat(Heard.compressed(frames().frame(0xC1, "\u00ff\u00ff\u00ff"))).containsExactly("! NOT_DEFLATE");
        assertThat(Heard.compressed(frames().frame(0xC2, ""))).containsExactly("! NOT_DEFLATE");
    }
}
