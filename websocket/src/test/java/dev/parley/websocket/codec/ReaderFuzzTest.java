package dev.parley.websocket.codec;

import static dev.parley.websocket.codec.ClientFrames.frames;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Any bytes at all: a reader throws nothing but {@link ViolationException}, hears the same wherever they are cut, and leaves
 * nothing behind.
 *
 * <p>A build runs the seeds, and bytes by a generator whose own seed is fixed. To search for new ones, for ten minutes:
 *
 * <pre>{@code JAZZER_FUZZ=1 mvn -pl websocket -am test -Djazzer.hooks=true -Dtest=ReaderFuzzTest#anyBytes \
 *   -Dsurefire.failIfNoSpecifiedTests=false}</pre>
 */
class ReaderFuzzTest {
    private static final ReaderLimits LIMITS = new ReaderLimits(2000, 3000, 4000, new MemoryBudget(3000));
    private static final int GENERATED = 3000;
    private static final int[] FIRST = {0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8A, 0xC1, 0xC2, 0x41};

    /** What was agreed on. */
    private enum Mode {
        PLAIN,
        DEFLATE,
        TAKEOVER
    }

    /** The first byte says what was agreed on, and where to cut; the others are on the wire. */
    @FuzzTest(maxDuration = "10m")
    void anyBytes(byte[] input) {
        if (input.length > 0) {
            Mode mode = Mode.values()[(input[0] & 0xFF) % Mode.values().length];
            isHeardAlikeHoweverItIsCut(Arrays.copyOfRange(input, 1, input.length), mode, input[0] & 0xFF);
        }
    }

    private static void isHeardAlikeHoweverItIsCut(byte[] wire, Mode mode, int seed) {
        List<String> whole = heard(List.of(wire), mode);
        assertThat(heard(Pieces.of(wire, 1), mode)).as("byte by byte").isEqualTo(whole);
        assertThat(heard(Pieces.of(wire, 2 + seed % 30), mode)).as("in pieces").isEqualTo(whole);
        if (wire.length > 1) {
            int cut = 1 + seed % (wire.length - 1);
            byte[] before = Arrays.copyOf(wire, cut);
            byte[] behind = Arrays.copyOfRange(wire, cut, wire.length);
            assertThat(heard(List.of(before, behind), mode)).as("in two").isEqualTo(whole);
        }
    }

    private static List<String> heard(List<byte[]> pieces, Mode mode) {
        UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
        Heard heard = new Heard();
        MessageInflater inflater = inflater(mode);
        WebSocketReader reader = new WebSocketReader(LIMITS, inflater, allocator, heard);
        try {
            for (byte[] piece : pieces) {
                ByteBuf in = Pieces.buffer(piece);
                reader.read(in);
                assertThat(in.isReadable() && !reader.isEnded()).isFalse();
            }
        } catch (ViolationException e) {
            heard.lines.add("! " + e.violation());
            assertThat(reader.isEnded()).isTrue();
        } finally {
            reader.close();
            if (inflater != null) {
                inflater.close();
            }
        }
        assertThat(allocator.metric().usedHeapMemory()).as("leaked").isZero();
        assertThat(allocator.metric().usedDirectMemory()).as("leaked").isZero();
        assertThat(LIMITS.unfinished().usedBytes()).as("not given back").isZero();
        return heard.lines;
    }

    private static @Nullable MessageInflater inflater(Mode mode) {
        return switch (mode) {
            case PLAIN -> null;
            case DEFLATE -> MessageInflater.shared();
            case TAKEOVER -> MessageInflater.own();
        };
    }

    @Test
    void bytesThatAreNearlyFramesAreHeardAlikeHoweverTheyAreCut() {
        SplittableRandom random = new SplittableRandom(6455);
        List<String> ends = new ArrayList<>();
        for (int i = 0; i < GENERATED; i++) {
            Mode mode = Mode.values()[i % Mode.values().length];
            byte[] wire = nearlyFrames(random);
            isHeardAlikeHoweverItIsCut(wire, mode, random.nextInt(256));
            List<String> heard = heard(List.of(wire), mode);
            ends.add(heard.isEmpty() ? "" : heard.get(heard.size() - 1));
        }
        for (Violation violation : Violations.OF_BYTES) { // else the generator is not worth much
            assertThat(ends).contains("! " + violation);
        }
    }

    /** Some frames that go well together, or not; often one bit is wrong. */
    private static byte[] nearlyFrames(SplittableRandom random) {
        ClientFrames frames = frames();
        boolean begun = false;
        for (int left = random.nextInt(1, 6); left > 0; left--) {
            byte[] payload = payload(random);
            int first = FIRST[random.nextInt(FIRST.length)];
            if (random.nextInt(4) > 0 && first < 0x88) { // as it should be
                boolean last = random.nextBoolean();
                first = (begun ? Opcode.CONTINUATION : Opcode.TEXT) | (last ? 0x80 : 0);
                begun = !last;
            }
            frames.mask(random.nextInt());
            switch (random.nextInt(20)) {
                case 0 -> frames.head(first, random.nextLong(-2, 4000)).frame(first, payload);
                case 1 -> frames.hex("82fe0001").frame(0x82, payload);
                case 2 -> frames.close(random.nextInt(990, 1020), payload.length > 100 ? new byte[0] : payload);
                case 3 -> frames.frame(0x02, new byte[1500]).frame(0x80, new byte[1000 + random.nextInt(1000)]);
                case 4 -> frames.compressed(Opcode.BINARY, new byte[3990 + random.nextInt(20)]);
                case 5 -> frames.hex("82ff").big(random.nextLong(), 8);
                case 6 -> frames.frame(0x88, new byte[random.nextInt(3)]);
                default -> frames.frame(first, (first & 0x40) == 0 ? payload : Zlib.deflated(payload));
            }
        }
        byte[] wire = frames.bytes();
        if (random.nextInt(3) == 0) {
            wire[random.nextInt(wire.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return wire;
    }

    private static byte[] payload(SplittableRandom random) {
        byte[] payload = new byte[random.nextInt(10) == 0 ? random.nextInt(2100) : random.nextInt(20)];
        for (int i = 0; i < payload.length; i++) {
            payload[i] = (byte) random.nextInt('a', 'z');
        }
        if (payload.length > 3 && random.nextInt(4) == 0) {
            payload[1] = (byte) 0xC3;
            payload[2] = (byte) (random.nextInt(4) == 0 ? 0xC3 : 0xA4);
        }
        return payload;
    }
}
