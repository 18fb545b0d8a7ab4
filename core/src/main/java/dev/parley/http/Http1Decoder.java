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
    private boolean held;
    private boolean broken;

    Http1Decoder(HttpLimits limits) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(limits.maxUriBytes() + BESIDE_TARGET)
                .setMaxHeaderSize(limits.maxHeaderBytes())
                .setMaxChunkSize(MAX_CHUNK));
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (held) {
            return;
        }
        if (broken) {
            in.skipBytes(in.readableBytes());
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

    /**
     * Looks at the lines that are complete, as far as the empty one that ends the head. Netty consumes just these, so
     * the next call begins at the first line that was not complete.
     */
    private boolean isHeadStrict(ByteBuf in) {
        int end = in.writerIndex();
        for (int line = in.readerIndex(); line < end; ) {
            byte first = in.getByte(line);
            boolean blank = first == HttpConstants.CR;
            if (first == HttpConstants.LF
                    || requestLineSeen && (first == HttpConstants.SP || first == HttpConstants.HT)) {
                return false;
            }
            int lf = in.indexOf(line, end, HttpConstants.LF);
            if (lf < 0) {
                return true;
            }
            if (blank && (lf != line + 1 || requestLineSeen)) {
                return lf == line + 1;
            }
            requestLineSeen |= !blank;
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
        return super.splitThirdWordInitialLine(line, start, length);
    }

    private static void onlyOneSpaceBefore(byte[] line, int start) {
        if (start < 2 || line[start - 1] != HttpConstants.SP || line[start - 2] <= HttpConstants.SP) {
            throw new IllegalArgumentException("not a single space in the request line");
        }
    }
}
