package dev.parley.websocket.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Cuts what is on the wire into what is read at a time. */
final class Pieces {
    /** Beyond this, cuts are made only where heads are: at both ends. */
    private static final int ALL_CUTS = 600;

    private static final int CUTS_AT_EACH_END = 24;

    private Pieces() {}

    /**
     * A buffer with a copy of the bytes, which has no room for more, and which somebody has to release: the leak detector, which
     * takes down each access, does not look at it.
     */
    static ByteBuf buffer(byte[] bytes) {
        return Unpooled.copiedBuffer(bytes);
    }

    /** Pieces of so many bytes, the last of which may be shorter. */
    static List<byte[]> of(byte[] wire, int size) {
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < wire.length; at += size) {
            pieces.add(Arrays.copyOfRange(wire, at, Math.min(wire.length, at + size)));
        }
        return pieces;
    }

    /** What comes of the whole; the same must come of it cut in two at every place, and byte by byte; of what is long, less often. */
    static <T> T sameForAllCuts(byte[] wire, Function<List<byte[]>, T> reading) {
        T whole = reading.apply(List.of(wire));
        for (int cut = 1; cut < wire.length; cut++) {
            if (wire.length > ALL_CUTS && cut == CUTS_AT_EACH_END) {
                cut = wire.length - CUTS_AT_EACH_END;
            }
            List<byte[]> two = List.of(Arrays.copyOfRange(wire, 0, cut), Arrays.copyOfRange(wire, cut, wire.length));
            assertThat(reading.apply(two)).as("cut at byte %d", cut).isEqualTo(whole);
        }
        int size = wire.length > ALL_CUTS ? 1021 : 1;
        assertThat(reading.apply(of(wire, size))).as("%d bytes at a time", size).isEqualTo(whole);
        return whole;
    }
}
