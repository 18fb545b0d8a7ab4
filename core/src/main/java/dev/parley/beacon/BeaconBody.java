package dev.parley.beacon;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.InvalidDefinitionException;

/**
 * What a beacon holds: bytes, and views of them that are parsed when somebody asks.
 *
 * <p>No view ever fails: what can't be read is left out of it, and {@link #flaw} says what is wrong.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody writes into {@link #bytes} or changes a tree of {@link #json()}.
 *
 * <p><b>Memory.</b> A view is kept until the next garbage collection, so asking twice in a row costs one parse, and beacons that wait take
 * no more than their bytes.
 *
 * <p><b>Limits.</b> JSON is read down to 64 levels, and with numbers of up to 1,000 digits; of a form, 1,000 fields or parts.
 */
public final class BeaconBody {
    private final @Nullable String contentType;
    private final byte[] bytes;
    private final BeaconKind kind;

    /** Weak: a tree takes many times the bytes that it was read from, and a queue of beacons is bounded by their bytes. */
    private volatile @Nullable Reference<ParsedJson> json;

    private volatile @Nullable Reference<ParsedForm> form;

    /** What is wrong with the JSON, once that is known: it need not be read again. */
    private volatile @Nullable String jsonFlaw;

    private BeaconBody(@Nullable String contentType, byte[] bytes, @Nullable ParsedJson parsed) {
        this.contentType = contentType;
        this.bytes = bytes;
        kind = BeaconKind.of(contentType);
        if (parsed != null) {
            json = new WeakReference<>(parsed);
            jsonFlaw = parsed.flaw();
        }
    }

    /**
     * A body.
     *
     * @param contentType the {@code Content-Type} as it came, or {@code null}
     * @param bytes the bytes, which must not be changed afterwards
     * @return the body
     */
    public static BeaconBody of(@Nullable String contentType, byte[] bytes) {
        return new BeaconBody(contentType, bytes, null);
    }

    /** A body of which it is known already what it is as JSON. */
    static BeaconBody of(@Nullable String contentType, byte[] bytes, ParsedJson parsed) {
        return new BeaconBody(contentType, bytes, parsed);
    }

    /**
     * The content type.
     *
     * @return the {@code Content-Type} as it came, or {@code null}
     */
    public @Nullable String contentType() {
        return contentType;
    }

    /**
     * The bytes as they were sent, without a content coding.
     *
     * @return the bytes themselves, not a copy
     */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * What kind of body it is, by its content type.
     *
     * @return the kind
     */
    public BeaconKind kind() {
        return kind;
    }

    /**
     * The body as text, in the charset that its content type names; in UTF-8 if it names none, or one that is not known.
     *
     * @return the text without a byte order mark; what is malformed is U+FFFD
     */
    public String text() {
        return BodyText.of(contentType, bytes).text();
    }

    /**
     * The body as JSON, whatever its content type says: pages that want no preflight send JSON as {@code text/plain}.
     *
     * @return a tree, which must not be changed; empty where the body is not JSON, too deep, or a form
     */
    public Optional<JsonNode> json() {
        return Optional.ofNullable(parsedJson().tree());
    }

    /**
     * The body as an object of the application. Members that the type does not have are left out.
     *
     * @param type what it is read as, by Jackson
     * @param <T> that type
     * @return the object; empty where the body is not JSON, {@code null}, or of another shape
     * @throws IllegalArgumentException if Jackson can't make objects of this type at all
     */
    public <T> Optional<T> json(Class<T> type) {
        JsonNode tree = parsedJson().tree();
        if (tree == null) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(ParsedJson.MAPPER.treeToValue(tree, type));
        } catch (InvalidDefinitionException e) {
            throw new IllegalArgumentException("type: " + type.getName() + " (expected: one that Jackson can read)", e);
        } catch (DatabindException e) {
            return Optional.empty(); // another shape, which is the page's doing
        }
    }

    /**
     * The fields of a form: of {@link BeaconKind#FORM} all, of {@link BeaconKind#MULTIPART} the parts without a file's name.
     *
     * @return the values by name, in order; at most 1,000; empty for other kinds
     */
    public Map<String, List<String>> fields() {
        return parsedForm().fields();
    }

    /**
     * The parts of a {@link BeaconKind#MULTIPART} body, files among them.
     *
     * @return those that are whole, in order; at most 1,000; empty for other kinds
     */
    public List<BeaconPart> parts() {
        return parsedForm().parts();
    }

    /**
     * What is wrong with the body, for its kind: JSON that is broken or too deep, a form that is not well-formed, text that is not of its
     * charset, reports that are none, too many, or with a member twice.
     *
     * @return one line without anything of the body; empty where it is well-formed, or of a kind that has no form
     */
    public Optional<String> flaw() {
        return Optional.ofNullable(
                switch (kind) {
                    case TEXT -> BodyText.of(contentType, bytes).flaw();
                    case FORM, MULTIPART -> parsedForm().flaw();
                    case JSON -> parsedJson().flaw();
                    case REPORT, CSP_REPORT -> reportFlaw(parsedJson());
                    case BINARY -> null;
                });
    }

    private static @Nullable String reportFlaw(ParsedJson parsed) {
        return parsed.tree() == null ? parsed.flaw() : Reports.flaw(parsed.tree());
    }

    private ParsedJson parsedJson() {
        if (jsonFlaw != null) {
            return new ParsedJson(null, jsonFlaw);
        }
        Reference<ParsedJson> kept = json;
        ParsedJson parsed = kept == null ? null : kept.get();
        if (parsed == null) {
            parsed = parseJson();
            json = new WeakReference<>(parsed);
            jsonFlaw = parsed.flaw();
        }
        return parsed;
    }

    private ParsedJson parseJson() {
        return switch (kind) {
            case FORM, MULTIPART -> new ParsedJson(null, "a form");
            case REPORT, CSP_REPORT -> ParsedJson.ofReports(bytes);
            case JSON -> ParsedJson.of(bytes); // a charset means nothing there (RFC 8259 section 11)
            case TEXT, BINARY -> {
                BodyText text = BodyText.of(contentType, bytes);
                yield text.isUtf8() ? ParsedJson.of(bytes) : ParsedJson.of(text.text());
            }
        };
    }

    private ParsedForm parsedForm() {
        Reference<ParsedForm> kept = form;
        ParsedForm parsed = kept == null ? null : kept.get();
        if (parsed == null) {
            parsed = switch (kind) {
                case FORM -> ParsedForm.ofUrlEncoded(bytes);
                case MULTIPART -> ParsedForm.ofMultipart(contentType, bytes);
                default -> ParsedForm.NONE;
            };
            form = new WeakReference<>(parsed);
        }
        return parsed;
    }

    /**
     * What it is, for logs.
     *
     * @return its kind and length, and nothing of its bytes
     */
    @Override
    public String toString() {
        return "BeaconBody[" + kind + ", " + bytes.length + " bytes]";
    }
}
