package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 6455 sections 5.5.1 and 7.4. */
class CloseFrameTest {
    /**
     * IANA's WebSocket Close Code Number Registry below 3000, but for 1004 (reserved) and those that RFC 6455 section 7.4.1
     * keeps off the wire: 1005, 1006 and 1015.
     */
    private static final Set<Integer> REGISTERED =
            Set.of(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014);

    private static final String FACE = "\ud83d\ude00";

    private static boolean mayBeSent(int code) {
        return REGISTERED.contains(code) || code / 1000 == 3 || code / 1000 == 4;
    }

    @Test
    void everyCodeIsTakenOrRefused() {
        for (int code = 0; code <= 0xFFFF; code++) {
            String expected = mayBeSent(code) ? "close " + code : "! CLOSE_CODE";

            assertThat(Heard.of(List.of(frames().close(code, "").bytes()), Heard.LIMITS))
                    .as("%d", code)
                    .containsExactly(expected);
        }
    }

    @Test
    void everyCodeIsSentOrRefused() {
        for (int code = 0; code <= 0xFFFF; code++) {
            int one = code;
            if (mayBeSent(code)) {
                assertThat(sent(CloseReason.of(code, ""))).isEqualTo(String.format("8802%04x", code));
            } else {
                assertThatIllegalArgumentException().isThrownBy(() -> CloseReason.of(one, ""));
            }
        }
    }

    @Test
    void aCodeThatMayNotBeSentIsNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CloseReason.of(1006, ""))
                .withMessage(
                        "code: 1006 (expected: 1000 to 1003, 1007 to 1014, or 3000 to 4999, of which 4000 and more are"
                                + " the application's)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CloseReason(5000, ""))
                .withMessage("code: 5000 (expected: 1000 to 4999)");
    }

    @ParameterizedTest
    @ValueSource(ints = {1004, 1006, 1015, 1016, 2999})
    void aReasonThatMayNotBeSentIsNotWritten(int code) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sent(new CloseReason(code, "")))
                .withMessage("code: " + code + " (expected: one that may be sent, or none: 1005)");
    }

    private static String sent(CloseReason reason) {
        ByteBuf out = Unpooled.buffer();
        FrameWriter.close(out, reason);
        return ByteBufUtil.hexDump(out);
    }

    @Test
    void aCloseFrameMayBeEmpty() {
        assertThat(Heard.of(frames().close())).containsExactly("close 1005");
        assertThat(sent(new CloseReason(CloseReason.NO_STATUS, ""))).isEqualTo("8800");
    }

    @Test
    void halfACodeIsRefused() {
        assertThat(Heard.of(frames().frame(0x88, "\u0003"))).containsExactly("! CLOSE_TOO_SHORT");
    }

    @Test
    void theReasonIsText() {
        assertThat(Heard.of(frames().close(4000, "\u20ac bye"))).containsExactly("close 4000 \u20ac bye");
    }

    @Test
    void aReasonMustBeUtf8() {
        byte[] euro = "\u20ac".getBytes(UTF_8);

        assertThat(Heard.of(frames().close(1000, new byte[] {(byte) 0xFF}))).containsExactly("! CLOSE_NOT_UTF8");
        assertThat(Heard.of(frames().close(1000, Arrays.copyOf(euro, 2)))).containsExactly("! CLOSE_NOT_UTF8");
    }

    @Test
    void aReasonIsCutAtTheEndOfACharacter() {
        String cut = FACE.repeat(30);

        assertThat(sent(CloseReason.of(1000, FACE.repeat(50)))).isEqualTo(Socket.closeFrame(1000, cut));
        assertThat(sent(new CloseReason(1000, FACE.repeat(50)))).isEqualTo(Socket.closeFrame(1000, cut));
        assertThat(CloseReason.of(1000, FACE.repeat(50)).text()).isEqualTo(cut);
    }

    @Test
    void aReasonOf123BytesIsSentWhole() {
        for (String whole :
                List.of("r".repeat(123), "\u20ac".repeat(41), "r" + "\u00e4".repeat(61), "rrr" + FACE.repeat(30))) {
            assertThat(whole.getBytes(UTF_8)).hasSize(123);
            assertThat(sent(CloseReason.of(1000, whole))).isEqualTo(Socket.closeFrame(1000, whole));
            assertThat(sent(CloseReason.of(1000, whole + "r"))).isEqualTo(Socket.closeFrame(1000, whole));
        }
    }

    @Test
    void halfASurrogatePairIsSentAsAQuestionMark() {
        assertThat(sent(CloseReason.of(1000, "a\ud83db"))).isEqualTo(Socket.closeFrame(1000, "a?b"));
        assertThat(sent(CloseReason.of(1000, "\ud83d".repeat(200)))).isEqualTo(Socket.closeFrame(1000, "?".repeat(41)));
    }
}
