package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decodes HTTP/1.x requests, as strictly as <a href="https://www.rfc-editor.org/rfc/rfc9112">RFC 9112</a> allows a server
 * to be, so that no proxy in front can read other requests in the same bytes.
 *
 * <pre>
 *   method SP target SP HTTP/1.1 CRLF  name: value CRLF …  CRLF  body
 *   body = Content-Length bytes | ( size CRLF data CRLF … 0 CRLF  name: value CRLF …  CRLF )
 * </pre>
 *
 * <p>For each request it passes on an {@link Http1Request}, which has a small body with it if that is there already. Else
 * the body follows as {@link ByteBuf}s just as they were read, and a {@link LastHttpContent} without content but with the
 * trailers. What is malformed is passed on as a request, or a last
 * content, whose decoder result is a failure; nothing behind it is decoded.
 *
 * <p>A request that asks for another protocol holds the decoder: what follows it may not be HTTP, so it stays undecoded
 * until {@link #goOn} says that HTTP goes on, or the decoder is removed and passes it on as it is.
 *
 * <p>Netty's own decoder is not used because it folds lines, takes any white space in the request line, and costs as much
 * as all the rest of a small exchange.
 */
final class Http1Decoder extends ByteToMessageDecoder {
    /** Room in the request line for the method, the version and two spaces, besides the target. */
    private static final int BESIDE_TARGET = 40;
    /** The line of a chunk's size: 16 digits, and what extensions anybody uses. They are ignored. */
    private static final int MAX_SIZE_LINE = 256;

    /** A body up to this is copied and passed on with the head, if it is there: cheaper than a buffer and two messages. */
    private static final int MAX_WITH_HEAD = 8 * 1024;

    private static final byte[] EMPTY = {};
    private static final byte[] HTTP_1_1 = "HTTP/1.1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] GET = "GET".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] POST = "POST".getBytes(StandardCharsets.US_ASCII);
    private static final DefaultHttpHeadersFactory HEADERS =
            DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    private static final int SMALL_HEAD = 512;
    /** One for each event loop: what is read of it is copied before another connection may use it. */
    private static final FastThreadLocal<byte[]> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[SMALL_HEAD];
        }
    };

    private enum State {
        HEAD,
        FIXED_BODY,
        CHUNK_SIZE,
        CHUNK_DATA,
        CHUNK_END,
        TRAILERS,
        BROKEN
    }

    private final Http1Lines lines;
    /** Longer than any section that is within the limits, with the ends of its lines. */
    private final int maxSection;

    private State state = State.HEAD;
    /** What is left of the body, or of the chunk. */
    private long remaining;

    private boolean upgradeAsked;
    /** The last request asked for another protocol. */
    private boolean held;
    /** As many requests as may be are waiting for their turn. */
    private boolean full;

    private boolean decoding;
    private @Nullable ChannelHandlerContext ctx;

    Http1Decoder(HttpLimits limits) {
        lines = new Http1Lines(limits.maxUriBytes() + BESIDE_TARGET, limits.maxHeaderBytes());
        // Each field has at least a byte besides its CRLF.
        maxSection = (int) Math.min(
                limits.maxUriBytes() + BESIDE_TARGET + 3L * limits.maxHeaderBytes() + 8, Integer.MAX_VALUE - 8);
        lines.begin(true);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (message instanceof ByteBuf bytes && isWithinBody(bytes.readableBytes())) {
            remaining -= bytes.readableBytes();
            ctx.fireChannelRead(bytes); // as it is: nothing is collected, sliced or looked at
        } else {
            super.channelRead(ctx, message);
        }
    }

    /** Whether so many bytes, read now, are all of a body, and not the last of it. */
    private boolean isWithinBody(int size) {
        return (state == State.FIXED_BODY || state == State.CHUNK_DATA)
                && size > 0
                && size < remaining
                && !held
                && !full
                && !decoding
                && actualReadableBytes() == 0;
    }

    @Override
    protected void callDecode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        decoding = true;
        try {
            super.callDecode(ctx, in, out);
        } finally {
            decoding = false;
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (held || full) {
            return;
        }
        boolean inHead = state == State.HEAD;
        try {
            switch (state) {
                case HEAD -> decodeHead(in, out);
                case FIXED_BODY -> decodeFixedBody(in, out);
                case CHUNK_SIZE -> decodeChunkSize(in);
                case CHUNK_DATA -> decodeChunkData(in, out);
                case CHUNK_END -> decodeChunkEnd(in);
                case TRAILERS -> decodeTrailers(in, out);
                case BROKEN -> in.skipBytes(in.readableBytes());
            }
        } catch (RuntimeException e) {
            state = State.BROKEN;
            in.skipBytes(in.readableBytes());
            DecoderResult failure = DecoderResult.failure(e);
            if (inHead) {
                Http1Request request = new Http1Request(HttpVersion.HTTP_1_1, HttpMethod.GET, "/", HEADERS);
                request.setDecoderResult(failure);
                out.add(request);
            } else {
                LastHttpContent end = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
                end.setDecoderResult(failure);
                out.add(end);
            }
        }
    }

    // ---- what is held back

    /**
     * The request that asked for another protocol was answered in HTTP.
     *
     * @return whether the decoder was held for it
     */
    boolean goOn() {
        boolean was = held;
        held = false;
        return was;
    }

    /** No more is decoded until {@link #takeMore}. */
    void takeNoMore() {
        full = true;
    }

    /**
     * There is room for requests again.
     *
     * @return whether there was none
     */
    boolean takeMore() {
        boolean was = full;
        full = false;
        return was;
    }

    /** Decodes what was held back. In the midst of decoding that comes next without further ado. */
    void decodeHeld() {
        if (decoding || ctx == null) {
            return;
        }
        try {
            channelRead(ctx, Unpooled.EMPTY_BUFFER);
            channelReadComplete(ctx);
        } catch (Exception e) {
            ctx.fireExceptionCaught(e);
        }
    }

    /** Bytes that wait here because no more is decoded. */
    int heldBytes() {
        return held || full ? actualReadableBytes() : 0;
    }

    /** Whether a part of a head has come, and the rest has not. */
    boolean isHeadBegun() {
        return state == State.HEAD && !held && !full && actualReadableBytes() > 0;
    }

    /** Whether nothing of a request has come. */
    boolean isIdle() {
        return state == State.HEAD && !held && !full && actualReadableBytes() == 0;
    }

    // ---- the head

    private void decodeHead(ByteBuf in, List<Object> out) {
        // Empty lines before a request are ignored (section 2.2).
        while (in.readableBytes() >= 2 && in.getShort(in.readerIndex()) == ('\r' << 8 | '\n')) {
            in.skipBytes(2);
        }
        byte[] head = section(in);
        if (head == null) {
            return;
        }
        Http1Request request = requestLine(head, lines.end(0));
        readFields(head, 1, request.headers(), request);
        lines.begin(true);
        frame(request);
        upgradeAsked = request.has(Http1Request.UPGRADE);
        out.add(request);
        if (state == State.HEAD) {
            request.complete(EMPTY);
            endRequest();
        } else if (state == State.FIXED_BODY
                && remaining <= Math.min(in.readableBytes(), MAX_WITH_HEAD)
                && !request.has(Http1Request.EXPECT)) {
            byte[] body = new byte[(int) remaining];
            in.readBytes(body);
            request.complete(body);
            endRequest();
        }
    }

    /**
     * Reads a section of lines, when all of it has arrived.
     *
     * @return an array that begins with the section, and is overwritten by the next; {@code null} while it is incomplete
     */
    private byte @Nullable [] section(ByteBuf in) {
        byte[] bytes = SCRATCH.get();
        // Most heads are small, and what is copied beyond the head is copied in vain.
        int size = Math.min(in.readableBytes(), SMALL_HEAD);
        in.getBytes(in.readerIndex(), bytes, 0, size);
        int length = lines.scan(bytes, size);
        if (length == Http1Lines.INCOMPLETE && size < in.readableBytes()) {
            // As much as the limits can let pass; what is beyond makes the section too long.
            size = Math.min(in.readableBytes(), maxSection);
            if (bytes.length < size) {
                bytes = new byte[maxSection];
                SCRATCH.set(bytes);
            }
            in.getBytes(in.readerIndex(), bytes, 0, size);
            length = lines.scan(bytes, size);
        }
        if (length == Http1Lines.INCOMPLETE) {
            return null;
        }
        in.skipBytes(length);
        return bytes;
    }

    /** Section 3: three parts, with one space between them. */
    private static Http1Request requestLine(byte[] head, int end) {
        int targetAt = 1 + indexOf(head, HttpConstants.SP, 0, end);
        int versionAt = 1 + indexOf(head, HttpConstants.SP, targetAt, end);
        if (targetAt == 0 || versionAt == 0 || versionAt == targetAt + 1) {
            throw new IllegalArgumentException("a request line that is not three parts with one space between them");
        }
        return new Http1Request(
                version(head, versionAt, end),
                method(head, targetAt - 1),
                new String(head, targetAt, versionAt - 1 - targetAt, StandardCharsets.ISO_8859_1),
                HEADERS);
    }

    private static HttpMethod method(byte[] head, int end) {
        if (Arrays.equals(head, 0, end, GET, 0, GET.length)) {
            return HttpMethod.GET;
        }
        if (Arrays.equals(head, 0, end, POST, 0, POST.length)) {
            return HttpMethod.POST;
        }
        FieldNames.checkToken(head, 0, end);
        return HttpMethod.valueOf(new String(head, 0, end, StandardCharsets.ISO_8859_1));
    }

    /** Section 2.3: the name in capitals, and two digits. */
    private static HttpVersion version(byte[] head, int start, int end) {
        if (Arrays.equals(head, start, end, HTTP_1_1, 0, HTTP_1_1.length)) {
            return HttpVersion.HTTP_1_1;
        }
        if (end - start != HTTP_1_1.length
                || !Arrays.equals(head, start, start + 5, HTTP_1_1, 0, 5)
                || !isDigit(head[start + 5])
                || head[start + 6] != '.'
                || !isDigit(head[start + 7])) {
            throw new IllegalArgumentException("not a version of HTTP");
        }
        return HttpVersion.valueOf(new String(head, start, end - start, StandardCharsets.ISO_8859_1));
    }

    /** Section 5: a name, a colon right behind it, and a value without the white space around it. */
    private void readFields(byte[] section, int first, HttpHeaders to, @Nullable Http1Request request) {
        for (int i = first; i < lines.count(); i++) {
            int start = lines.start(i);
            int end = lines.end(i);
            FieldNames.Known name = FieldNames.name(section, start, end);
            int from = start + name.name().length() + 1;
            while (from < end && isBlank(section[from])) {
                from++;
            }
            while (end > from && isBlank(section[end - 1])) {
                end--;
            }
            String value = new String(section, from, end - from, StandardCharsets.ISO_8859_1);
            to.add(name.name(), value);
            if (request != null && name.field() != 0) {
                request.note(name.field(), value);
            }
        }
    }

    /** Section 6.3: how long the body is. */
    private void frame(Http1Request request) {
        if (request.has(Http1Request.TRANSFER_ENCODING)) {
            if (request.has(Http1Request.CONTENT_LENGTH)) {
                throw new IllegalArgumentException("Content-Length beside Transfer-Encoding");
            }
            if (!request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
                throw new IllegalArgumentException("Transfer-Encoding in another version than HTTP/1.1");
            }
            checkCodings(request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING));
            state = State.CHUNK_SIZE;
        } else if (request.has(Http1Request.CONTENT_LENGTH)) {
            remaining = request.contentLength();
            if (remaining < 0) {
                throw new IllegalArgumentException("a Content-Length that is not one number");
            }
            state = remaining == 0 ? State.HEAD : State.FIXED_BODY;
        }
    }

    /** Section 6.1: chunked is the last coding, and is applied once. */
    private static void checkCodings(List<String> fields) {
        String[] codings = String.join(",", fields).split(",", -1);
        for (int i = 0; i < codings.length; i++) {
            boolean last = i == codings.length - 1;
            if (codings[i].strip().equalsIgnoreCase("chunked") != last) {
                throw new IllegalArgumentException("a Transfer-Encoding that does not end with chunked, once");
            }
        }
    }

    // ---- the body

    private void decodeFixedBody(ByteBuf in, List<Object> out) {
        passOn(in, out);
        if (remaining == 0) {
            out.add(LastHttpContent.EMPTY_LAST_CONTENT);
            endRequest();
        }
    }

    private void passOn(ByteBuf in, List<Object> out) {
        int size = (int) Math.min(remaining, in.readableBytes());
        if (size > 0) {
            out.add(in.readRetainedSlice(size));
            remaining -= size;
        }
    }

    /** Section 7.1: hexadecimal digits, and perhaps extensions behind a semicolon. */
    private void decodeChunkSize(ByteBuf in) {
        int begin = in.readerIndex();
        int lf = in.indexOf(begin, Math.min(in.writerIndex(), begin + MAX_SIZE_LINE), HttpConstants.LF);
        if (lf < 0) {
            if (in.readableBytes() >= MAX_SIZE_LINE) {
                throw new IllegalArgumentException("the line of a chunk's size is too long");
            }
            return;
        }
        byte[] line = new byte[lf + 1 - begin];
        in.readBytes(line);
        int end = line.length - 2;
        if (end < 1 || line[end] != HttpConstants.CR) {
            throw new IllegalArgumentException("a chunk's size that does not end with CRLF");
        }
        long size = 0;
        int at = 0;
        for (int digit; at < end && (digit = Character.digit(line[at], 16)) >= 0; at++) {
            size = size << 4 | digit;
            if (size > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("a chunk's size that nobody means");
            }
        }
        if (at == 0) {
            throw new IllegalArgumentException("a chunk's size without a digit");
        }
        checkExtensions(line, at, end);
        remaining = size;
        if (size == 0) {
            state = State.TRAILERS;
            lines.begin(false);
        } else {
            state = State.CHUNK_DATA;
        }
    }

    /** Section 7.1.1: nothing but a semicolon, after white space at most, begins them; no control character is in them. */
    private static void checkExtensions(byte[] line, int from, int end) {
        int at = from;
        while (at < end && isBlank(line[at])) {
            at++;
        }
        if (from < end && (at == end || line[at] != HttpConstants.SEMICOLON)) {
            throw new IllegalArgumentException("a chunk's size that is no hexadecimal number");
        }
        for (; at < end; at++) {
            if (line[at] >= 0 && line[at] < 0x20 && line[at] != HttpConstants.HT || line[at] == 0x7F) {
                throw new IllegalArgumentException("a control character in a chunk's extension");
            }
        }
    }

    private void decodeChunkData(ByteBuf in, List<Object> out) {
        passOn(in, out);
        if (remaining == 0) {
            state = State.CHUNK_END;
        }
    }

    private void decodeChunkEnd(ByteBuf in) {
        if (in.readableBytes() >= 2) {
            if (in.readShort() != ('\r' << 8 | '\n')) {
                throw new IllegalArgumentException("a chunk that is longer than its size");
            }
            state = State.CHUNK_SIZE;
        }
    }

    /** Section 7.1.2; fields that frame or route the message are left out (RFC 9110 section 6.5.1). */
    private void decodeTrailers(ByteBuf in, List<Object> out) {
        byte[] section = section(in);
        if (section == null) {
            return;
        }
        LastHttpContent end = LastHttpContent.EMPTY_LAST_CONTENT;
        if (lines.count() > 0) {
            end = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, HEADERS);
            readFields(section, 0, end.trailingHeaders(), null);
            end.trailingHeaders()
                    .remove(HttpHeaderNames.CONTENT_LENGTH)
                    .remove(HttpHeaderNames.TRANSFER_ENCODING)
                    .remove(HttpHeaderNames.TRAILER)
                    .remove(HttpHeaderNames.HOST);
        }
        lines.begin(true);
        out.add(end);
        endRequest();
    }

    private void endRequest() {
        state = State.HEAD;
        held = upgradeAsked;
        upgradeAsked = false;
    }

    // ---- bytes

    private static int indexOf(byte[] bytes, byte wanted, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isBlank(byte b) {
        return b == HttpConstants.SP || b == HttpConstants.HT;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }
}
