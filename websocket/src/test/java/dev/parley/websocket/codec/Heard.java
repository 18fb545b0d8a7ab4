package dev.parley.websocket.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes down what a {@link WebSocketReader} tells, one line each: {@code text hello}, {@code binary 00ff}, {@code ping x},
 * {@code close 1000 bye}, and {@code ! NOT_UTF8} at the end if it threw. Long payloads are told by length and hash.
 */
final class Heard implements MessageListener {
    static final ReaderLimits LIMITS = ReaderLimits.of(100_000);

    private static final int LONG = 200;

    final List<String> lines = new ArrayList<>();

    /** What is heard of pieces; without compression if there is no inflater. */
    static List<String> of(List<byte[]> pieces, ReaderLimits limits, MessageInflater... inflater) {
        Heard heard = new Heard();
        WebSocketReader reader =
                new WebSocketReader(limits, inflater.length == 0 ? null : inflater[0], ByteBufAllocator.DEFAULT, heard);
        try {
            for (byte[] piece : pieces) {
                ByteBuf in = Pieces.buffer(piece);
                try {
                    reader.read(in);
                } finally {
                    in.release();
                }
            }
        } catch (ViolationException e) {
            heard.lines.add("! " + e.violation());
        } finally {
            reader.close();
        }
        return heard.lines;
    }

    /** What is heard of the bytes, cut at every place. */
    static List<String> of(ClientFrames frames) {
        return of(frames, LIMITS);
    }

    static List<String> of(ClientFrames frames, ReaderLimits limits) {
        return Pieces.sameForAllCuts(frames.bytes(), pieces -> of(pieces, limits));
    }

    /** The same with permessage-deflate agreed on. */
    static List<String> compressed(ClientFrames frames) {
        return compressed(frames, LIMITS);
    }

    static List<String> compressed(ClientFrames frames, ReaderLimits limits) {
        return Pieces.sameForAllCuts(frames.bytes(), pieces -> of(pieces, limits, MessageInflater.shared()));
    }

    static String text(byte[] utf8) {
        return utf8.length > LONG
                ? "text " + utf8.length + " #" + Arrays.hashCode(utf8)
                : "text " + new String(utf8, UTF_8);
    }

    static String binary(byte[] bytes) {
        return bytes.length > LONG
                ? "binary " + bytes.length + " #" + Arrays.hashCode(bytes)
                : "binary " + ByteBufUtil.hexDump(bytes);
    }

    @Override
    public void text(ByteBuf utf8) {
        lines.add(text(ByteBufUtil.getBytes(utf8)));
    }

    @Override
    public void binary(ByteBuf bytes) {
        lines.add(binary(ByteBufUtil.getBytes(bytes)));
    }

    @Override
    public void ping(ByteBuf payload) {
        lines.add("ping " + payload.toString(ISO_8859_1));
    }

    @Override
    public void pong(ByteBuf payload) {
        lines.add("pong " + payload.toString(ISO_8859_1));
    }

    @Override
    public void closeFrame(CloseReason reason) {
        lines.add("close " + reason);
    }
}
