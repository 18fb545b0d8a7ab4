package dev.parley.http;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request that knows which of the fields that matter to the server it has, so that no field is looked up in vain.
 *
 * <p>Noted while the names are read anyway: most requests have two or three of these fields. A small body that came with
 * the head travels with it.
 */
final class Http1Request extends DefaultHttpRequest {
    static final int HOST = 1;
    static final int HOST_TWICE = 1 << 1;
    static final int CONNECTION = 1 << 2;
    static final int CONTENT_LENGTH = 1 << 3;
    static final int TRANSFER_ENCODING = 1 << 4;
    static final int EXPECT = 1 << 5;
    static final int UPGRADE = 1 << 6;
    /** {@code Origin} or {@code Sec-Fetch-Site}. */
    static final int OF_PAGE = 1 << 7;

    private int fields;
    private long contentLength = -1;
    private @Nullable String host;
    private byte @Nullable [] body;

    Http1Request(HttpVersion version, HttpMethod method, String target, HttpHeadersFactory headers) {
        super(version, method, target, headers);
    }

    boolean has(int field) {
        return (fields & field) != 0;
    }

    /** A field of the request; a second one of a kind that may be there once makes it malformed. */
    void note(int field, String value) {
        if (field == HOST) {
            fields |= (fields & HOST) == 0 ? HOST : HOST_TWICE;
            host = value;
        } else if (field == CONTENT_LENGTH) {
            contentLength = has(CONTENT_LENGTH) ? -1 : decimal(value);
        }
        fields |= field;
    }

    /** All of the body came with the head: nothing follows. */
    void complete(byte[] wholeBody) {
        body = wholeBody;
    }

    /** The whole body, if it came with the head; {@code null} if the rest of the request follows. */
    static byte @Nullable [] body(HttpRequest request) {
        return request instanceof Http1Request known ? known.body : null;
    }

    /** Whether a request came whole with its head, and has nothing that concerns the connection. */
    static boolean isPlain(HttpRequest request) {
        return request instanceof Http1Request known
                && known.body != null
                && (known.fields & (CONNECTION | EXPECT | UPGRADE | TRANSFER_ENCODING)) == 0
                && known.protocolVersion().equals(HttpVersion.HTTP_1_1)
                && known.decoderResult().isSuccess();
    }

    /** {@code Content-Length}; -1 if there is none, or it is not one number. */
    long contentLength() {
        return contentLength;
    }

    /** A number of digits only, or -1. */
    private static long decimal(String text) {
        if (text.isEmpty() || text.length() > 18) {
            return -1;
        }
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + c - '0';
        }
        return value;
    }

    /** {@code Host}, or {@code null}. */
    static @Nullable String host(HttpRequest request) {
        return request instanceof Http1Request known
                ? known.host
                : request.headers().get(HttpHeaderNames.HOST);
    }

    /** The body's length as announced, or -1. */
    static long contentLength(HttpRequest request) {
        if (request instanceof Http1Request known) {
            return known.contentLength;
        }
        // A codec of the user's has seen to it that it is one number.
        String length = request.headers().get(HttpHeaderNames.CONTENT_LENGTH);
        return length == null || request.decoderResult().isFailure() ? -1 : Long.parseLong(length);
    }

    /** What a request has, whoever decoded it. */
    static int fields(HttpRequest request) {
        if (request instanceof Http1Request known) {
            return known.fields;
        }
        int fields = 0;
        HttpHeaders headers = request.headers();
        for (var each = headers.iteratorCharSequence(); each.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> field = each.next();
            byte[] name = AsciiString.of(field.getKey()).toByteArray();
            int found = field(name, 0, name.length);
            fields |= found == HOST && (fields & HOST) != 0 ? HOST_TWICE : found;
        }
        return fields;
    }

    /** The field of a name, or 0 if it does not matter here. */
    static int field(byte[] name, int start, int length) {
        return switch (length) {
            case 4 -> is("host", name, start) ? HOST : 0;
            case 6 -> is("expect", name, start) ? EXPECT : is("origin", name, start) ? OF_PAGE : 0;
            case 7 -> is("upgrade", name, start) ? UPGRADE : 0;
            case 10 -> is("connection", name, start) ? CONNECTION : 0;
            case 14 ->
                is("content-length", name, start) ? CONTENT_LENGTH : is("sec-fetch-site", name, start) ? OF_PAGE : 0;
            case 17 -> is("transfer-encoding", name, start) ? TRANSFER_ENCODING : 0;
            default -> 0;
        };
    }

    private static boolean is(String lowerCase, byte[] name, int start) {
        for (int i = 0; i < lowerCase.length(); i++) {
            // Sets the bit that makes a letter lower case; a hyphen has it.
            if ((name[start + i] | 0x20) != lowerCase.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
