package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Netty's decoder for HTTP/1.1 requests, made as strict as RFC 9112 allows a server to be.
 *
 * <p>What Netty tolerates and this refuses: a request line with anything but single spaces between its parts (section 3),
 * folded header lines (section 5.2), and anything but whole CRLFs before a request (section 2.2). Control characters in
 * the head (RFC 9110 section 5.5) and names that are no tokens (section 5.6.2) are refused here as well, in place of
 * Netty's own checks: eight bytes at a time, before any of them is copied.
 *
 * <p>A request that asks for another protocol holds the decoder: what follows it may not be HTTP, so it stays undecoded
 * until {@link #goOn} says that HTTP goes on, or the decoder is removed and passes it on as it is.
 */
final class Http1Decoder extends HttpRequestDecoder {
    /** Room in the request line for the method, the version and two spaces, besides the target. */
    private static final int BESIDE_TARGET = 40;
    /** Larger than any read of the socket, so that a body's bytes are passed on as they were read. */
    private static final int MAX_CHUNK = 1024 * 1024;

    private static final DefaultHttpHeadersFactory UNCHECKED =
            DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    private static final boolean[] TOKEN = tokenCharacters();

    private static final long EACH = 0x0101010101010101L;
    private static final long HIGH_BITS = 0x8080808080808080L;

    private @Nullable ChannelHandlerContext ctx;
    private @Nullable Http1Request request;
    /** Between two requests, or in the head of one. */
    private boolean inHead = true;

    private boolean requestLineSeen;
    private boolean upgradeAsked;
    /** The last request asked for another protocol. */
    private boolean held;
    /** As many requests as may be are waiting for their turn. */
    private boolean full;

    private boolean broken;
    private boolean decoding;

    Http1Decoder(HttpLimits limits) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(limits.maxUriBytes() + BESIDE_TARGET)
                .setMaxHeaderSize(limits.maxHeaderBytes())
                .setMaxChunkSize(MAX_CHUNK)
                .setHeadersFactory(UNCHECKED)
                // Trailers are not looked at by this class before they are copied.
                .setTrailersFactory(DefaultHttpHeadersFactory.trailersFactory()));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        ctx = added;
        super.handlerAdded(added);
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
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (held || full) {
            return;
        }
        if (broken) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (inHead && !requestLineSeen && !skipEmptyLines(in)) {
            return;
        }
        if (inHead && !isHeadStrict(in)) {
            broken = true;
            in.skipBytes(in.readableBytes());
            HttpMessage invalid = createInvalidMessage();
            invalid.setDecoderResult(DecoderResult.failure(
                    new IllegalArgumentException("a control character, or a folded or misplaced line")));
            out.add(invalid);
            return;
        }
        int before = out.size();
        super.decode(ctx, in, out);
        for (int i = before; i < out.size(); i++) {
            Object message = out.get(i);
            if (message instanceof HttpRequest decoded) {
                inHead = false;
                upgradeAsked = (Http1Request.fields(decoded) & Http1Request.UPGRADE) != 0;
                request = null;
            }
            if (message instanceof LastHttpContent) {
                inHead = true;
                requestLineSeen = false;
                held = upgradeAsked;
                upgradeAsked = false;
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
        return inHead && !held && !full && (requestLineSeen || actualReadableBytes() > 0);
    }

    // ---- the head as bytes

    /**
     * Empty lines before a request are ignored.
     *
     * @return whether something else follows; not while it may still be another empty line
     */
    private static boolean skipEmptyLines(ByteBuf in) {
        while (in.isReadable()) {
            int at = in.readerIndex();
            if (in.getByte(at) != HttpConstants.CR) {
                return true;
            }
            if (in.readableBytes() == 1) {
                return false;
            }
            if (in.getByte(at + 1) != HttpConstants.LF) {
                return true;
            }
            in.skipBytes(2);
        }
        return false;
    }

    /**
     * Looks at all bytes up to the empty line that ends the head. Netty consumes the lines that are complete, so the
     * next call begins at the first line that was not.
     */
    private boolean isHeadStrict(ByteBuf in) {
        int end = in.writerIndex();
        int line = in.readerIndex();
        if (line < end && requestLineSeen && isBlank(in.getByte(line))) {
            return false;
        }
        for (int at = line; at < end; ) {
            if (end - at >= Long.BYTES && !hasControl(in.getLong(at))) {
                at += Long.BYTES;
                continue;
            }
            byte b = in.getByte(at);
            if (!isControl(b)) {
                at++;
                continue;
            }
            // The only control that may stand in a head, and only as half of a CRLF.
            if (b != HttpConstants.CR) {
                return false;
            }
            if (at + 1 == end) {
                return true;
            }
            if (in.getByte(at + 1) != HttpConstants.LF) {
                return false;
            }
            if (at == line) {
                return true;
            }
            requestLineSeen = true;
            at += 2;
            line = at;
            if (line < end && isBlank(in.getByte(line))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isBlank(byte b) {
        return b == HttpConstants.SP || b == HttpConstants.HT;
    }

    private static boolean isControl(byte b) {
        return b >= 0 && b < 0x20 && b != HttpConstants.HT || b == 0x7F;
    }

    /** Whether one of eight bytes may be a control character; a tab counts. */
    private static boolean hasControl(long word) {
        long below = (word - EACH * 0x20) & ~word;
        long delete = word ^ EACH * 0x7F;
        return ((below | (delete - EACH) & ~delete) & HIGH_BITS) != 0;
    }

    // ---- the parts of the request line and the names of the fields

    @Override
    protected HttpMessage createMessage(String[] line) {
        Http1Request created = new Http1Request(version(line[2]), HttpMethod.valueOf(line[0]), line[1], headersFactory);
        request = created;
        return created;
    }

    /** Section 2.3: the name in capitals, and two digits. */
    private static HttpVersion version(String text) {
        if (text.equals("HTTP/1.1")) {
            return HttpVersion.HTTP_1_1;
        }
        if (text.length() != 8
                || !text.startsWith("HTTP/")
                || !isDigit(text.charAt(5))
                || text.charAt(6) != '.'
                || !isDigit(text.charAt(7))) {
            throw new IllegalArgumentException("not a version of HTTP");
        }
        return HttpVersion.valueOf(text);
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    @Override
    protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
        if (start != 0) {
            throw new IllegalArgumentException("white space before the method");
        }
        return super.splitFirstWordInitialLine(line, start, length);
    }

    @Override
    protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
        onlyOneSpaceBefore(line, start);
        return super.splitSecondWordInitialLine(line, start, length);
    }

    @Override
    protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
        onlyOneSpaceBefore(line, start);
        return super.splitThirdWordInitialLine(line, start, length);
    }

    private static void onlyOneSpaceBefore(byte[] line, int start) {
        if (start < 2 || line[start - 1] != HttpConstants.SP || line[start - 2] <= HttpConstants.SP) {
            throw new IllegalArgumentException("not a single space in the request line");
        }
    }

    @Override
    protected AsciiString splitHeaderName(byte[] line, int start, int length) {
        // In a trailer section there is no request, and Netty's own check.
        if (request != null) {
            if (length == 0) {
                throw new IllegalArgumentException("a field without a name");
            }
            for (int i = start; i < start + length; i++) {
                if (line[i] < 0 || !TOKEN[line[i]]) {
                    throw new IllegalArgumentException("a field name that is no token");
                }
            }
            request.note(Http1Request.field(line, start, length));
        }
        return super.splitHeaderName(line, start, length);
    }

    private static boolean[] tokenCharacters() {
        boolean[] token = new boolean[128];
        for (char c = 0; c < token.length; c++) {
            token[c] = c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
        }
        return token;
    }
}
