package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * A beacon as one JSON object without a line end; {@link BeaconLog} says what is in it. What was written is read back as it
 * was, to the byte and the nanosecond.
 */
final class BeaconJson {
    /** A body of the size that a log takes, as base64 or as text; what is escaped costs no more once it is read. */
    private static final int MAX_STRING_CHARS = LogRecord.MAX_BYTES;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(MAX_STRING_CHARS)
                    .maxNameLength(MAX_STRING_CHARS)
                    .maxNestingDepth(8)
                    .build())
            .build();

    private static final byte[] AT = ascii("{\"at\":\"");
    private static final byte[] KIND = ascii("\",\"kind\":\"");
    private static final byte[] ADDRESS = ascii("\",\"address\":\"");
    private static final byte[] PATH = ascii("\",\"path\":");
    private static final byte[] ORIGIN = ascii(",\"origin\":");
    private static final byte[] REFERRER = ascii(",\"referrer\":");
    private static final byte[] USER_AGENT = ascii(",\"userAgent\":");
    private static final byte[] COOKIES = ascii(",\"cookies\":");
    private static final byte[] CONTENT_TYPE = ascii(",\"contentType\":");
    private static final byte[] TEXT = ascii(",\"text\":");
    private static final byte[] BASE64 = ascii(",\"base64\":");
    private static final byte[] OPEN = ascii("{");
    private static final byte[] COLON = ascii(":");
    private static final byte[] COMMA = ascii(",");
    private static final byte[] CLOSE = ascii("}");

    private static final Map<BeaconKind, byte[]> KINDS = new EnumMap<>(BeaconKind.class);

    static {
        for (BeaconKind kind : BeaconKind.values()) {
            KINDS.put(kind, ascii(name(kind)));
        }
    }

    private BeaconJson() {}

    /** How a kind is written: {@code csp-report}. */
    static String name(BeaconKind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static byte[] ascii(String text) {
        return text.getBytes(ISO_8859_1);
    }

    static byte[] write(Beacon beacon) {
        JsonBytes out = new JsonBytes(256 + 2 * beacon.weight());
        write(beacon, out);
        return out.copy();
    }

    static void write(Beacon beacon, JsonBytes out) {
        BeaconSource source = beacon.source();
        out.raw(AT).instant(beacon.at());
        out.raw(KIND).raw(Objects.requireNonNull(KINDS.get(beacon.kind())));
        out.raw(ADDRESS).raw(ascii(literal(source.address())));
        out.raw(PATH).string(source.path());
        optional(ORIGIN, source.origin(), out);
        optional(REFERRER, source.referrer(), out);
        optional(USER_AGENT, source.userAgent(), out);
        if (!source.cookies().isEmpty()) {
            cookies(source.cookies(), out);
        }
        optional(CONTENT_TYPE, beacon.body().contentType(), out);
        byte[] body = beacon.body().bytes();
        int before = out.size();
        if (!out.raw(TEXT).utf8(body)) {
            out.cut(before);
            out.raw(BASE64).base64(body);
        }
        out.raw(CLOSE);
    }

    /** Without a zone, which only this machine would know. */
    private static String literal(InetAddress address) {
        return address instanceof Inet4Address ? address.getHostAddress() : NetUtil.toAddressString(address);
    }

    private static void optional(byte[] name, @Nullable String value, JsonBytes out) {
        if (value != null) {
            out.raw(name).string(value);
        }
    }

    private static void cookies(Map<String, String> cookies, JsonBytes out) {
        byte[] separator = OPEN;
        out.raw(COOKIES);
        for (Map.Entry<String, String> cookie : new TreeMap<>(cookies).entrySet()) {
            // A name is ASCII (RFC 6265 section 4.1.1); what is none, and what no parser takes in a name, becomes a
            // question mark.
            String name = new String(cookie.getKey().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
            out.raw(separator).string(name).raw(COLON).string(cookie.getValue());
            separator = COMMA;
        }
        out.raw(CLOSE);
    }

    /**
     * Reads what was written. Names that are not known are passed over.
     *
     * @throws IOException if it is no beacon
     */
    static Beacon read(byte[] json, int from, int length) throws IOException {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json, from, length)) {
            return new Fields().read(parser);
        } catch (JacksonException | DateTimeException | IllegalArgumentException e) {
            throw new IOException("beacon: not readable (expected: the JSON of a beacon)", e);
        }
    }

    /** What has been read of a beacon. */
    private static final class Fields {
        private @Nullable Instant at;
        private @Nullable InetAddress address;
        private @Nullable String path;
        private @Nullable String origin;
        private @Nullable String referrer;
        private @Nullable String userAgent;
        private Map<String, String> cookies = Map.of();
        private @Nullable String contentType;
        private byte @Nullable [] body;

        Beacon read(JsonParser parser) throws IOException {
            expect(JsonToken.START_OBJECT, parser.nextToken());
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                expect(JsonToken.PROPERTY_NAME, parser.currentToken());
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals("cookies")) {
                    expect(JsonToken.START_OBJECT, value);
                    cookies = cookies(parser);
                } else if (value == JsonToken.VALUE_STRING) {
                    take(name, parser);
                } else {
                    parser.skipChildren();
                }
            }
            if (at == null || address == null || path == null || body == null) {
                throw new IOException("beacon: incomplete (expected: at, address, path, and text or base64)");
            }
            BeaconSource source = new BeaconSource(address, path, origin, referrer, userAgent, cookies);
            return new Beacon(at, source, BeaconBody.of(contentType, body));
        }

        private void take(String name, JsonParser parser) throws IOException {
            switch (name) {
                case "at" -> at = Instant.parse(parser.getString());
                case "address" -> address = address(parser.getString());
                case "path" -> path = parser.getString();
                case "origin" -> origin = parser.getString();
                case "referrer" -> referrer = parser.getString();
                case "userAgent" -> userAgent = parser.getString();
                case "contentType" -> contentType = parser.getString();
                case "text" -> body = parser.getString().getBytes(StandardCharsets.UTF_8);
                case "base64" -> body = parser.getBinaryValue();
                default -> {
                    // of a later version, or the kind, which the content type tells
                }
            }
        }

        private static Map<String, String> cookies(JsonParser parser) throws IOException {
            Map<String, String> cookies = new HashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                expect(JsonToken.VALUE_STRING, parser.nextToken());
                cookies.put(name, parser.getString());
            }
            return cookies;
        }

        /** Never asks a name server: what is no literal is refused. */
        private static InetAddress address(String literal) throws IOException {
            byte[] bytes = NetUtil.createByteArrayFromIpAddressString(literal);
            if (bytes == null) {
                throw new IOException("address: not a literal (expected: IPv4 or IPv6)");
            }
            return InetAddress.getByAddress(bytes);
        }

        private static void expect(JsonToken expected, @Nullable JsonToken found) throws IOException {
            if (found != expected) {
                throw new IOException("beacon: " + found + " (expected: " + expected + ")");
            }
        }
    }
}
