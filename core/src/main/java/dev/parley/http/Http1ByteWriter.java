package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes answers as bytes (<a href="https://www.rfc-editor.org/rfc/rfc9112#section-2.1">RFC 9112 section 2.1</a>).
 *
 * <pre>
 *   HTTP/1.1 SP status SP reason CRLF  name: value CRLF …  CRLF  [ body, or chunks: size CRLF data CRLF … 0 CRLF CRLF ]
 * </pre>
 *
 * <p>Heads and small bodies are gathered in one buffer, which goes out with the flush: the answers to requests that came
 * together leave together, with one system call. The bytes of a head that a constant {@link Response} always begins with
 * are made once.
 */
final class Http1ByteWriter implements Http1Writer {
    private static final byte[] CONTINUE = ascii("HTTP/1.1 100 Continue\r\n\r\n");
    private static final byte[] SWITCHING = ascii("HTTP/1.1 101 Switching Protocols\r\n");
    private static final byte[] CONTENT_LENGTH = ascii("content-length: ");
    private static final byte[] CHUNKED = ascii("transfer-encoding: chunked\r\n");
    private static final byte[] CLOSE = ascii("connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("connection: keep-alive\r\n");
    private static final byte[] LAST_CHUNK = ascii("0\r\n");
    private static final int CRLF = '\r' << 8 | '\n';

    /** A body up to this is copied behind its head: cheaper than one more buffer for the system call. */
    private static final int COPIED = 8 * 1024;
    /** As much as one system call takes well. */
    private static final int FULL = 64 * 1024;

    private @Nullable ByteBuf gathered;

    @Override
    public void writeContinue(ChannelHandlerContext ctx) {
        gathered(ctx).writeBytes(CONTINUE);
    }

    @Override
    public void writeInterim(ChannelHandlerContext ctx, Interim interim) {
        gathered(ctx).writeBytes(encode(interim.status(), interim.fields())).writeShort(CRLF);
    }

    @Override
    public void writeSwitching(ChannelHandlerContext ctx, HttpHeaders headers) {
        ByteBuf out = gathered(ctx).writeBytes(SWITCHING);
        writeFields(out, headers);
        out.writeShort(CRLF);
    }

    @Override
    public void writeHead(
            ChannelHandlerContext ctx,
            HttpExchange exchange,
            Response head,
            Framing framing,
            long length,
            Persistence persistence,
            byte @Nullable [] content,
            boolean last) {
        ByteBuf out = gathered(ctx);
        if (exchange.originPolicy().addsNothing()) {
            out.writeBytes(exchange.encodedHead(head));
        } else {
            out.writeBytes(statusLine(head.status()));
            writeFields(out, exchange.responseHeaders(head));
        }
        switch (framing) {
            case NONE -> {}
            case LENGTH -> {
                out.writeBytes(CONTENT_LENGTH);
                writeDecimal(out, length);
                out.writeShort(CRLF);
            }
            case CHUNKED -> out.writeBytes(CHUNKED);
        }
        switch (persistence) {
            case DEFAULT -> {}
            case CLOSE -> out.writeBytes(CLOSE);
            case KEEP_ALIVE -> out.writeBytes(KEEP_ALIVE);
        }
        out.writeShort(CRLF);
        if (content != null) {
            if (content.length <= COPIED) {
                out.writeBytes(content);
            } else {
                handOver(ctx);
                ctx.write(Unpooled.wrappedBuffer(content), ctx.voidPromise());
            }
        }
        if (out.readableBytes() >= FULL) {
            handOver(ctx);
        }
    }

    @Override
    public void writeData(ChannelHandlerContext ctx, Object data, Framing framing, ChannelPromise promise) {
        handOver(ctx);
        if (framing != Framing.CHUNKED || !(data instanceof ByteBuf bytes)) {
            ctx.write(data, promise);
            return;
        }
        int size = bytes.readableBytes();
        if (size <= COPIED) {
            ByteBuf chunk = ctx.alloc().directBuffer(size + 12);
            writeHex(chunk, size);
            chunk.writeShort(CRLF).writeBytes(bytes).writeShort(CRLF);
            bytes.release();
            ctx.write(chunk, promise);
        } else {
            ByteBuf begin = gathered(ctx);
            writeHex(begin, size);
            begin.writeShort(CRLF);
            handOver(ctx);
            ctx.write(bytes, promise);
            gathered(ctx).writeShort(CRLF);
        }
    }

    @Override
    public void writeShared(ChannelHandlerContext ctx, SharedChunk chunk, Framing framing) {
        handOver(ctx);
        ctx.writeAndFlush(framing == Framing.CHUNKED ? chunk.framed() : chunk.plain(), ctx.voidPromise());
    }

    @Override
    public void writeEnd(ChannelHandlerContext ctx, Framing framing, HttpHeaders trailers) {
        if (framing == Framing.CHUNKED) {
            ByteBuf out = gathered(ctx).writeBytes(LAST_CHUNK);
            writeFields(out, trailers);
            out.writeShort(CRLF);
        }
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        handOver(ctx);
        ctx.flush();
    }

    @Override
    public void discard() {
        if (gathered != null) {
            gathered.release();
            gathered = null;
        }
    }

    private ByteBuf gathered(ChannelHandlerContext ctx) {
        ByteBuf out = gathered;
        if (out == null) {
            out = ctx.alloc().directBuffer(1024);
            gathered = out;
        }
        return out;
    }

    private void handOver(ChannelHandlerContext ctx) {
        ByteBuf out = gathered;
        if (out != null) {
            gathered = null;
            ctx.write(out, ctx.voidPromise());
        }
    }

    // ---- the grammar

    /** The status line and a response's own fields, with {@code Connection} where one of them needs it. */
    static byte[] encode(int status, String[] fields) {
        StringBuilder head = new StringBuilder(64);
        head.append("HTTP/1.1 ")
                .append(status)
                .append(' ')
                .append(Response.reason(status))
                .append("\r\n");
        boolean upgrade = false;
        for (int i = 0; i < fields.length; i += 2) {
            head.append(fields[i]).append(": ").append(fields[i + 1]).append("\r\n");
            upgrade |= HttpHeaderNames.UPGRADE.contentEqualsIgnoreCase(fields[i]);
        }
        if (upgrade) {
            head.append("connection: upgrade\r\n"); // RFC 9110 section 7.8
        }
        return head.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] statusLine(int status) {
        return encode(status, new String[0]);
    }

    private static void writeFields(ByteBuf out, HttpHeaders fields) {
        for (var each = fields.iteratorCharSequence(); each.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> field = each.next();
            ByteBufUtil.copy(AsciiString.of(field.getKey()), out);
            out.writeByte(':').writeByte(' ');
            // One byte for each character, and "?" for what has none: half of a character could be a line end.
            CharSequence value = field.getValue();
            for (int i = 0; i < value.length(); i++) {
                out.writeByte(AsciiString.c2b(value.charAt(i)));
            }
            out.writeShort(CRLF);
        }
    }

    private static void writeDecimal(ByteBuf out, long value) {
        long divisor = 1;
        while (value / divisor >= 10) {
            divisor *= 10;
        }
        for (; divisor > 0; divisor /= 10) {
            out.writeByte('0' + (int) (value / divisor % 10));
        }
    }

    private static void writeHex(ByteBuf out, int value) {
        int shift = value == 0 ? 0 : (31 - Integer.numberOfLeadingZeros(value)) / 4 * 4;
        for (; shift >= 0; shift -= 4) {
            out.writeByte(Character.forDigit(value >>> shift & 0xF, 16));
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
