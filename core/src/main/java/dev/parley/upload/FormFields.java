package dev.parley.upload;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.BodyListener;
import dev.parley.http.Problem;
import dev.parley.http.codec.FieldValue;
import dev.parley.http.codec.ViolationException;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the fields of a form that are no files, as texts.
 *
 * <pre>{@code
 * FormFields fields = new FormFields();
 * Multipart.DEFAULT.receive(exchange, fields.andFiles(files)).thenAccept(done -> rename(fields.first("title")));
 * }</pre>
 *
 * <p>What came before a file can be read when that file begins.
 *
 * <p><b>Wire.</b> The charset of a text is what its part's {@code Content-Type} says, else what a field {@code _charset_} says wherever it
 * stands (<a href="https://www.rfc-editor.org/rfc/rfc7578#section-4.6">RFC 7578 section 4.6</a>), else UTF-8. What is malformed becomes
 * U+FFFD.
 *
 * <p><b>Threading.</b> Confined to the event loop of the exchange until the form is whole; then it may be read anywhere.
 *
 * <p><b>Limits.</b> 64 KiB each and 1 MiB in all, where each field counts 64 bytes and its name two for each character besides, unless they
 * are set; more is answered with 413, a charset that is not known with 415.
 */
public final class FormFields {
    private static final int MAX_FIELD_BYTES = 64 * 1024;
    private static final int MAX_BYTES = 1024 * 1024;
    /** What a field costs beside its texts, so that many that are empty have a bound too. */
    private static final int FIELD_BYTES = 64;

    private static final String DEFAULT_CHARSET = "_charset_";
    private static final int MAX_CHARSET_CHARS = 40;

    private final int maxFieldBytes;
    private final int maxBytes;

    private final List<Field> fields = new ArrayList<>();
    private Charset defaultCharset = UTF_8;
    private long bytes;

    private record Field(
            String name, byte[] value, @Nullable Charset charset) {}

    /** None yet, with the limits as they are unless they are set. */
    public FormFields() {
        this(MAX_FIELD_BYTES, MAX_BYTES);
    }

    /**
     * None yet.
     *
     * @param maxFieldBytes bytes of a field, 0 or more
     * @param maxBytes bytes of all fields, 0 or more
     */
    public FormFields(int maxFieldBytes, int maxBytes) {
        this.maxFieldBytes = Setting.atLeast("maxFieldBytes", maxFieldBytes, 0);
        this.maxBytes = Setting.atLeast("maxBytes", maxBytes, 0);
    }

    /**
     * A listener that gathers fields here, and passes files on.
     *
     * @param files gets the parts that are files, and the failure if there is one
     * @return for {@link Multipart#receive}, once
     */
    public PartListener andFiles(PartListener files) {
        return new Gatherer(files);
    }

    /**
     * The names that there are.
     *
     * @return in the order in which they came first
     */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        fields.forEach(field -> names.add(field.name()));
        return names;
    }

    /**
     * The first value of a name.
     *
     * @param name a field's name
     * @return empty if there is no such field
     */
    public Optional<String> first(String name) {
        return fields.stream()
                .filter(field -> field.name().equals(name))
                .findFirst()
                .map(this::text);
    }

    /**
     * All values of a name.
     *
     * @param name a field's name
     * @return in the order in which they came, empty if there is no such field
     */
    public List<String> all(String name) {
        return fields.stream()
                .filter(field -> field.name().equals(name))
                .map(this::text)
                .toList();
    }

    /** How many there are. */
    int count() {
        return fields.size();
    }

    /** All names with all of their values. */
    Map<String, List<String>> toMap() {
        Map<String, List<String>> all = new LinkedHashMap<>();
        fields.forEach(field ->
                all.computeIfAbsent(field.name(), name -> new ArrayList<>()).add(text(field)));
        return all;
    }

    private String text(Field field) {
        return new String(field.value(), field.charset() == null ? defaultCharset : field.charset());
    }

    /**
     * What it is, for logs.
     *
     * @return how many fields there are, and nothing of them
     */
    @Override
    public String toString() {
        return "FormFields[" + fields.size() + "]";
    }

    private void add(Part part, byte[] value) {
        if (part.name().equals(DEFAULT_CHARSET)) {
            defaultCharset = charset(new String(value, US_ASCII));
        }
        fields.add(new Field(part.name(), value, charset(part)));
    }

    private static @Nullable Charset charset(Part part) {
        if (part.contentType() == null) {
            return null;
        }
        try {
            String name = FieldValue.parse(part.contentType()).parameters().get("charset");
            return name == null ? null : charset(name);
        } catch (ViolationException e) {
            throw Multipart.refusal(e);
        }
    }

    private static Charset charset(String name) {
        try {
            if (name.length() <= MAX_CHARSET_CHARS) {
                return Charset.forName(name);
            }
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            // answered below, as one whose name is too long
        }
        throw Problem.of(415, "The charset of a field is not known.").asException();
    }

    private void take(long more) {
        bytes += more;
        if (bytes > maxBytes) {
            throw Problem.of(413, "The fields are over the limit of " + maxBytes + " bytes.")
                    .asException();
        }
    }

    private final class Gatherer implements PartListener {
        private final PartListener files;
        private final ByteArrayOutputStream value = new ByteArrayOutputStream();
        /** The field that has begun; {@code null} in a file. */
        private @Nullable Part field;

        Gatherer(PartListener files) {
            this.files = files;
        }

        @Override
        public CompletionStage<?> onPart(Part part) throws Exception {
            if (part.isFile()) {
                field = null;
                return files.onPart(part);
            }
            take(FIELD_BYTES + 2L * part.name().length());
            field = part;
            return BodyListener.READY;
        }

        @Override
        public CompletionStage<?> onData(ByteBuf data) throws Exception {
            if (field == null) {
                return files.onData(data);
            }
            int more = data.readableBytes();
            if (value.size() + more > maxFieldBytes) {
                throw Problem.of(413, "A field is over the limit of " + maxFieldBytes + " bytes.")
                        .asException();
            }
            take(more);
            byte[] copied = new byte[more];
            data.readBytes(copied);
            value.writeBytes(copied);
            return BodyListener.READY;
        }

        @Override
        public CompletionStage<?> onPartEnd() throws Exception {
            Part ended = field;
            if (ended == null) {
                return files.onPartEnd();
            }
            field = null;
            add(ended, value.toByteArray());
            value.reset();
            return BodyListener.READY;
        }

        @Override
        public void onFailure(Throwable cause) {
            files.onFailure(cause);
        }
    }
}
