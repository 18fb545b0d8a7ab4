package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/**
 * Netty's decoder for HTTP/1.1 requests, made as strict as RFC 9112 allows a server to be.
 *
 * <p>What Netty tolerates and this refuses: a request line with anything but single spaces between its parts (section 3),
 * folded header lines (section 5.2), and anything but whole CRLFs before a request (section 2.2).
 *
 * <p>A request that asks for another protocol holds the decoder: what follows it may not be HTTP, so it stays undecoded
 * until {@link #goOn} says that HTTP goes on, or the decoder is removed and passes it on as it is.
 */
final class Http1Decoder extends HttpRequestDecoder {
    /** Room in the request line for the method, the version and two spaces, besides the target. */
    private static final int BESIDE_TARGET = 40;
    /** Larger than any read of the socket, so that a body's bytes are passed on as they were read. */
    private static final int MAX_CHUNK = 1024 * 1024;

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
                .setMaxChunkSize(MAX_CHUNK));
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

    /**
     * Whether a message is being passed on in the midst of decoding. Then what was held is decoded next without further
     * ado, and reading into this decoder would release the buffer that it is at.
     */
    boolean isDecoding() {
        return decoding;
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
            HttpRequest invalid = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/bad-request");
            invalid.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("folded or misplaced line")));
            out.add(invalid);
            return;
        }
        int before = out.size();
        super.decode(ctx, in, out);
        for (int i = before; i < out.size(); i++) {
            Object message = out.get(i);
            if (message instanceof HttpRequest request) {
                inHead = false;
                upgradeAsked = request.headers().contains(HttpHeaderNames.UPGRADE);
            }
            if (message instanceof LastHttpContent) {
                inHead = true;
                requestLineSeen = false;
                held = upgradeAsked;
                upgradeAsked = false;
            }
        }
    }

    /**
     * The request that asked for another protocol was answered in HTTP.
     *
     * @return whether the decoder was held
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

    /** Bytes that wait here because no more is decoded. */
    int heldBytes() {
        return held || full ? actualReadableBytes() : 0;
    }

    /** Whether a part of a head has come, and the rest has not. */
    boolean isHeadBegun() {
        return inHead && !held && !full && (requestLineSeen || actualReadableBytes() > 0);
    }

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
     * Looks at the lines that are complete, as far as the empty one that ends the head. Netty consumes just these, so
     * the next call begins at the first line that was not complete.
     */
    private boolean isHeadStrict(ByteBuf in) {
        int end = in.writerIndex();
        for (int line = in.readerIndex(); line < end; ) {
            byte first = in.getByte(line);
            if (first == HttpConstants.LF
                    || requestLineSeen && (first == HttpConstants.SP || first == HttpConstants.HT)) {
                return false;
            }
            if (first == HttpConstants.CR) {
                return requestLineSeen && (line + 1 == end || in.getByte(line + 1) == HttpConstants.LF);
            }
            int lf = in.indexOf(line, end, HttpConstants.LF);
            if (lf < 0) {
                return true;
            }
            requestLineSeen = true;
            line = lf + 1;
        }
        return true;
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
        String version = super.splitThirdWordInitialLine(line, start, length);
        if (!version.startsWith("HTTP/")) {
            throw new IllegalArgumentException("not a version of HTTP"); // its name is case-sensitive: section 2.3
        }
        return version;
    }

    private static void onlyOneSpaceBefore(byte[] line, int start) {
        if (start < 2 || line[start - 1] != HttpConstants.SP || line[start - 2] <= HttpConstants.SP) {
            throw new IllegalArgumentException("not a single space in the request line");
        }
    }
}
