package dev.parley.testkit;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Speaks HTTP/2 by prior knowledge, as a client. Confined to the event loop. */
final class Http2Client extends Http2ChannelDuplexHandler implements ClientProtocol {
    private final Socket socket;
    private final Map<Http2FrameStream, Stream> streams = new LinkedHashMap<>();
    private @Nullable ChannelHandlerContext ctx;
    private boolean retired;
    /** Whether the server has said that it takes extended CONNECT. */
    private boolean extendedConnect;

    Http2Client(Socket socket) {
        this.socket = socket;
        socket.pipeline()
                .addLast(
                        Http2FrameCodecBuilder.forClient()
                                .initialSettings(Http2Settings.defaultSettings().pushEnabled(false))
                                .build(),
                        this);
    }

    @Override
    protected void handlerAdded0(ChannelHandlerContext added) {
        ctx = added;
    }

    private ChannelHandlerContext ctx() {
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return ctx;
    }

    @Override
    public ClientStream open(TestRequest request, Answer answer, boolean bodiless) {
        Stream stream = new Stream(newStream(), answer);
        streams.put(stream.frames, stream);
        Http2Headers head = new DefaultHttp2Headers(false)
                .method(request.method().asciiName())
                .scheme("http")
                .authority(request.authority())
                .path(request.target());
        Upgrade upgrade = request.upgrade();
        if (upgrade != null) {
            if (!extendedConnect) {
                throw new AssertionError(
                        "SETTINGS_ENABLE_CONNECT_PROTOCOL: not sent by the server (expected: 1, RFC 8441 section 3)");
            }
            head.method("CONNECT").set(":protocol", upgrade.protocol());
        }
        addLowerCase(head, request.headers());
        boolean last = bodiless && upgrade == null;
        ctx().writeAndFlush(new DefaultHttp2HeadersFrame(head, last).stream(stream.frames));
        return stream;
    }

    private static void addLowerCase(Http2Headers to, HttpHeaders from) {
        for (Map.Entry<String, String> field : from) {
            to.add(field.getKey().toLowerCase(Locale.ROOT), field.getValue());
        }
    }

    @Override
    public boolean isRetired() {
        return retired || !socket.isActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext read, Object message) {
        try {
            if (message instanceof Http2HeadersFrame frame) {
                of(frame.stream()).headers(frame.headers(), frame.isEndStream());
            } else if (message instanceof Http2DataFrame frame) {
                of(frame.stream()).data(frame);
            } else if (message instanceof Http2ResetFrame frame) {
                of(frame.stream()).reset(frame.errorCode());
            } else if (message instanceof Http2GoAwayFrame) {
                retired = true;
            } else if (message instanceof Http2SettingsFrame frame) {
                extendedConnect |= Boolean.TRUE.equals(frame.settings().connectProtocolEnabled());
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private Stream of(@Nullable Http2FrameStream frames) {
        Stream stream = frames == null ? null : streams.get(frames);
        if (stream == null) {
            throw new AssertionError("the server sent a frame on a stream that nobody opened: " + frames);
        }
        return stream;
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) throws Exception {
        streams.values().forEach(stream -> stream.answer.end(Answer.End.CUT_OFF, ""));
        super.channelInactive(inactive);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        if (cause instanceof Http2FrameStreamException e) {
            of(e.stream()).answer.end(Answer.End.BROKEN, e.toString());
        } else {
            streams.values().forEach(stream -> stream.answer.end(Answer.End.CUT_OFF, ": " + cause));
            failed.close();
        }
    }

    private static HttpHeaders fields(Http2Headers headers) {
        HttpHeaders fields =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            if (field.getKey().charAt(0) != ':') {
                fields.add(field.getKey(), field.getValue());
            }
        }
        return fields;
    }

    private final class Stream implements ClientStream {
        private final Http2FrameStream frames;
        private final Answer answer;
        private boolean stalled;
        /** What was read of the window while stalled. */
        private int owed;

        Stream(Http2FrameStream frames, Answer answer) {
            this.frames = frames;
            this.answer = answer;
        }

        void headers(Http2Headers headers, boolean last) {
            CharSequence status = headers.status();
            HttpHeaders fields = fields(headers);
            if (status == null) {
                answer.complete(fields);
                return;
            }
            int code = Integer.parseInt(status.toString());
            if (code < 200) {
                answer.interim(code, fields);
                return;
            }
            answer.head(code, fields);
            if (last) {
                answer.complete(EmptyHttpHeaders.INSTANCE);
            }
        }

        void data(Http2DataFrame frame) {
            answer.data(frame.content());
            if (frame.isEndStream()) {
                answer.complete(EmptyHttpHeaders.INSTANCE);
            }
            owed += frame.initialFlowControlledBytes();
            openWindow();
        }

        private void openWindow() {
            if (!stalled && owed > 0) {
                int bytes = owed;
                owed = 0;
                ctx().writeAndFlush(new DefaultHttp2WindowUpdateFrame(bytes).stream(frames));
            }
        }

        void reset(long code) {
            answer.end(Answer.End.CUT_OFF, " by RST_STREAM " + Http2Error.valueOf(code));
        }

        @Override
        public void send(byte[] bytes) {
            ctx().writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes)).stream(frames));
        }

        @Override
        public void end(HttpHeaders trailers) {
            if (trailers.isEmpty()) {
                ctx().writeAndFlush(new DefaultHttp2DataFrame(true).stream(frames));
            } else {
                Http2Headers section = new DefaultHttp2Headers(false);
                addLowerCase(section, trailers);
                ctx().writeAndFlush(new DefaultHttp2HeadersFrame(section, true).stream(frames));
            }
        }

        @Override
        public void cut() {
            answer.end(Answer.End.CUT_OFF, " by the client");
            ctx().writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(frames));
        }

        @Override
        public void stall() {
            stalled = true;
        }

        @Override
        public void resume() {
            stalled = false;
            openWindow();
        }
    }
}
