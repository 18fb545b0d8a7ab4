package dev.parley.http;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.util.Map;

/**
 * A request that knows which of the fields that matter to the server it has, so that no field is looked up in vain.
 *
 * <p>Noted while the names are read anyway: most requests have two or three of these fields.
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

    Http1Request(HttpVersion version, HttpMethod method, String target, HttpHeadersFactory headers) {
        super(version, method, target, headers);
    }

    void note(int field) {
        fields |= field == HOST && (fields & HOST) != 0 ? HOST_TWICE : field;
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
