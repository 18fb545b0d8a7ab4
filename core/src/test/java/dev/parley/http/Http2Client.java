package dev.parley.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/**
 * A client that makes its frames by hand, so that it can make any mistake (RFC 9113 section 4.1). What the server sends
 * reads as one line a frame, such as {@code 1 DATA hello END}.
 */
final class Http2Client implements AutoCloseable {
    static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;

    private static final String[] TYPES = {
        "DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE"
    };

    private final WireChannel wire;
    private final DefaultHttp2HeadersDecoder headers = new DefaultHttp2HeadersDecoder(false);
    private String undecoded = "";

    Http2Client(WireChannel wire) {
        this.wire = wire;
    }

    /** A client that has said and heard what comes first. */
    static Http2Client open(Routes routes, HttpLimits limits) {
        Http2Client client = new Http2Client(WireChannel.serving(routes, limits));
        client.wire.send(PREFACE + frame(4, 0, 0, "") + frame(4, 1, 0, ""));
        client.received();
        return client;
    }

    WireChannel wire() {
        return wire;
    }

    void send(String frames) {
        wire.send(frames);
    }

    void pass(Duration time) {
        wire.pass(time);
    }

    @Override
    public void close() {
        wire.close();
    }

    // ---- what goes in

    static String frame(int type, int flags, int stream, String payload) {
        int length = payload.length();
        return chars(length >> 16, length >> 8, length, type, flags) + int32(stream) + payload;
    }

    /** A whole header section; names and values in turn. */
    static String headers(int stream, int flags, String... fields) {
        return frame(1, flags | END_HEADERS, stream, block(fields));
    }

    static String get(int stream, String path) {
        return headers(stream, END_STREAM, request("GET", path));
    }

    static String post(int stream, String path, String... more) {
        String[] request = request("POST", path);
        String[] all = java.util.Arrays.copyOf(request, request.length + more.length);
        System.arraycopy(more, 0, all, request.length, more.length);
        return headers(stream, 0, all);
    }

    static String[] request(String method, String path) {
        return new String[] {":method", method, ":scheme", "http", ":path", path, ":authority", "a"};
    }

    static String data(int stream, int flags, String bytes) {
        return frame(0, flags, stream, bytes);
    }

    static String reset(int stream, Http2Error error) {
        return frame(3, 0, stream, int32((int) error.code()));
    }

    static String windowUpdate(int stream, int bytes) {
        return frame(8, 0, stream, int32(bytes));
    }

    static String setting(int id, int value) {
        return frame(4, 0, 0, chars(id >> 8, id) + int32(value));
    }

    /** Literal fields, never indexed, not compressed (RFC 7541 section 6.2.2). */
    static String block(String... fields) {
        StringBuilder block = new StringBuilder();
        for (int i = 0; i < fields.length; i += 2) {
            block.append('\0').append(literal(fields[i])).append(literal(fields[i + 1]));
        }
        return block.toString();
    }

    private static String literal(String text) {
        StringBuilder length = new StringBuilder();
        int left = text.length();
        if (left < 127) {
            length.append((char) left);
        } else {
            length.append((char) 127);
            for (left -= 127; left >= 128; left >>= 7) {
                length.append((char) (left & 127 | 128));
            }
            length.append((char) left);
        }
        return length + text;
    }

    static String int32(int value) {
        return chars(value >> 24, value >> 16, value >> 8, value);
    }

    private static String chars(int... bytes) {
        StringBuilder text = new StringBuilder();
        for (int b : bytes) {
            text.append((char) (b & 0xFF));
        }
        return text.toString();
    }

    // ---- what comes out

    /** The frames that came since the last call, a line for each. */
    String received() {
        undecoded += wire.received();
        StringBuilder lines = new StringBuilder();
        int at = 0;
        while (undecoded.length() - at >= 9) {
            int length = undecoded.charAt(at) << 16 | undecoded.charAt(at + 1) << 8 | undecoded.charAt(at + 2);
            if (undecoded.length() - at < 9 + length) {
                break;
            }
            int stream = int32At(undecoded, at + 5);
            String payload = undecoded.substring(at + 9, at + 9 + length);
            lines.append(stream)
                    .append(line(undecoded.charAt(at + 3), undecoded.charAt(at + 4), stream, payload))
                    .append('\n');
            at += 9 + length;
        }
        undecoded = undecoded.substring(at);
        return lines.toString();
    }

    private String line(int type, int flags, int stream, String payload) {
        String end = (flags & END_STREAM) == 0 ? "" : " END";
        return " " + TYPES[type]
                + switch (type) {
                    case 0 -> (payload.isEmpty() ? "" : " " + payload) + end;
                    case 1 -> fields(stream, payload) + end;
                    case 3 -> " " + Http2Error.valueOf(int32At(payload, 0));
                    case 4 -> settings(payload) + ((flags & 1) == 0 ? "" : " ACK");
                    case 6 -> (flags & 1) == 0 ? "" : " ACK";
                    case 7 -> " last=" + int32At(payload, 0) + " " + Http2Error.valueOf(int32At(payload, 4));
                    case 8 -> " " + int32At(payload, 0);
                    default -> "";
                };
    }

    private String fields(int stream, String payload) {
        StringBuilder text = new StringBuilder();
        try {
            ByteBuf block = Unpooled.copiedBuffer(payload, StandardCharsets.ISO_8859_1);
            Http2Headers decoded = headers.decodeHeaders(stream, block);
            for (Map.Entry<CharSequence, CharSequence> field : decoded) {
                if (!"date".contentEquals(field.getKey())) {
                    text.append(' ').append(field.getKey()).append('=').append(field.getValue());
                }
            }
        } catch (Http2Exception e) {
            throw new AssertionError(e);
        }
        return text.toString();
    }

    private static String settings(String payload) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < payload.length(); i += 6) {
            text.append(' ')
                    .append(payload.charAt(i) << 8 | payload.charAt(i + 1))
                    .append('=')
                    .append(int32At(payload, i + 2));
        }
        return text.toString();
    }

    private static int int32At(String bytes, int at) {
        return bytes.charAt(at) << 24 | bytes.charAt(at + 1) << 16 | bytes.charAt(at + 2) << 8 | bytes.charAt(at + 3);
    }
}
