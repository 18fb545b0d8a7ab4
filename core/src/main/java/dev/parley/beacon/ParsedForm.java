package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.codec.Boundary;
import dev.parley.http.codec.MultipartLimits;
import dev.parley.http.codec.MultipartReader;
import dev.parley.http.codec.PartHead;
import dev.parley.http.codec.ViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A body as a form: what could be read of it, and what is wrong. */
record ParsedForm(
        Map<String, List<String>> fields,
        List<BeaconPart> parts,
        @Nullable String flaw) {
    static final ParsedForm NONE = new ParsedForm(new LinkedHashMap<>(), List.of(), null);

    private static final int MAX_FIELDS = 1000;

    ParsedForm {
        fields.replaceAll((name, values) -> Collections.unmodifiableList(values));
        fields = Collections.unmodifiableMap(fields);
        parts = List.copyOf(parts);
    }

    private static void add(Map<String, List<String>> fields, String name, String value) {
        fields.computeIfAbsent(name, n -> new ArrayList<>(1)).add(value);
    }

    /**
     * Reads {@code application/x-www-form-urlencoded} (<a href="https://url.spec.whatwg.org/#urlencoded-parsing">URL, parsing</a>):
     * there is nothing that it can't read.
     */
    static ParsedForm ofUrlEncoded(byte[] body) {
        Map<String, List<String>> fields = new LinkedHashMap<>();
        UrlDecoder decoder = new UrlDecoder(body);
        String flaw = null;
        int count = 0;
        for (int from = 0, end; from < body.length; from = end + 1) {
            end = indexOf(body, '&', from, body.length);
            if (end == from) {
                continue;
            }
            if (++count > MAX_FIELDS) {
                flaw = "more than 1,000 fields";
                break;
            }
            int equals = indexOf(body, '=', from, end);
            add(fields, decoder.text(from, equals), decoder.text(Math.min(equals + 1, end), end));
        }
        return new ParsedForm(fields, List.of(), flaw != null ? flaw : decoder.flaw());
    }

    private static int indexOf(byte[] bytes, char c, int from, int end) {
        int at = from;
        while (at < end && bytes[at] != c) {
            at++;
        }
        return at;
    }

    /** Reads {@code multipart/form-data} as far as it is well-formed: parts that are whole. */
    static ParsedForm ofMultipart(@Nullable String contentType, byte[] body) {
        Map<String, List<String>> fields = new LinkedHashMap<>();
        List<BeaconPart> parts = new ArrayList<>();
        String flaw = null;
        try {
            Boundary boundary = Boundary.of(contentType == null ? "" : contentType);
            read(new MultipartReader(boundary, MultipartLimits.DEFAULT), Unpooled.wrappedBuffer(body), parts);
        } catch (ViolationException e) {
            flaw = "not form-data: " + e.violation().text();
        }
        for (BeaconPart part : parts) {
            if (part.fileName() == null) {
                add(fields, part.name(), part.text());
            }
        }
        return new ParsedForm(fields, parts, flaw);
    }

    private static void read(MultipartReader reader, ByteBuf body, List<BeaconPart> parts) {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        MultipartReader.Event event = reader.next(body);
        while (event != MultipartReader.Event.NEEDS_INPUT) {
            if (event == MultipartReader.Event.DATA) {
                byte[] bytes = new byte[reader.data().readableBytes()];
                reader.data().readBytes(bytes);
                data.writeBytes(bytes);
            } else if (event == MultipartReader.Event.PART_END) {
                PartHead head = reader.part();
                parts.add(new BeaconPart(head.name(), head.fileName(), head.contentType(), data.toByteArray()));
                data.reset();
            }
            event = reader.next(body);
        }
        reader.end();
    }

    /** Undoes percent escapes, and remembers what was wrong. */
    private static final class UrlDecoder {
        private final byte[] body;
        private final byte[] plain;
        private boolean brokenEscape;
        private boolean notUtf8;

        UrlDecoder(byte[] body) {
            this.body = body;
            plain = new byte[body.length];
        }

        String text(int from, int end) {
            int length = 0;
            for (int i = from; i < end; i++) {
                byte b = body[i];
                if (b == '+') {
                    b = ' ';
                } else if (b == '%') {
                    int high = i + 2 < end ? Character.digit(body[i + 1], 16) : -1;
                    int low = i + 2 < end ? Character.digit(body[i + 2], 16) : -1;
                    if (high < 0 || low < 0) {
                        brokenEscape = true; // and stays as it is
                    } else {
                        b = (byte) (high << 4 | low);
                        i += 2;
                    }
                }
                plain[length++] = b;
            }
            notUtf8 |= !BodyText.isUtf8(plain, 0, length);
            return new String(plain, 0, length, UTF_8);
        }

        @Nullable
        String flaw() {
            return brokenEscape ? "a percent escape is broken" : notUtf8 ? "a field is not UTF-8" : null;
        }
    }
}
