package dev.parley.topic;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is to be published: a payload, and what subscriptions may choose by.
 *
 * <pre>{@code
 * prices.publish(Draft.of("17.3").event("price").key("ACME").tags("nyse"));
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable, as long as nobody writes into the payload.
 */
public final class Draft {
    private final byte[] payload;
    private final boolean text;
    private final @Nullable String event;
    private final @Nullable String key;
    private final Set<String> tags;

    private Draft(byte[] payload, boolean text, @Nullable String event, @Nullable String key, Set<String> tags) {
        this.payload = payload;
        this.text = text;
        this.event = event;
        this.key = key;
        this.tags = tags;
    }

    /**
     * A draft of text.
     *
     * @param text any text; an unpaired surrogate becomes {@code ?}
     * @return the draft
     */
    public static Draft of(String text) {
        return ofUtf8(text.getBytes(UTF_8));
    }

    /**
     * A draft of text that is UTF-8 already.
     *
     * @param utf8 the bytes, which must not be changed afterwards; what is not well-formed reaches clients as U+FFFD
     * @return the draft
     */
    public static Draft ofUtf8(byte[] utf8) {
        return new Draft(utf8, true, null, null, Set.of());
    }

    /**
     * A draft of bytes that are no text. Event streams carry them as Base64.
     *
     * @param bytes the bytes, which must not be changed afterwards
     * @return the draft
     */
    public static Draft ofBytes(byte[] bytes) {
        return new Draft(bytes, false, null, null, Set.of());
    }

    /**
     * Sets the event name, which an event stream gives as {@code event}.
     *
     * @param event not empty, without CR, LF and NUL; names that begin with {@code parley:} are the library's own
     * @return a copy with it
     */
    public Draft event(String event) {
        if (event.isEmpty()
                || event.startsWith("parley:")
                || event.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
            throw new IllegalArgumentException("event: \"" + Names.printable(event)
                    + "\" (expected: not empty, without CR, LF and NUL, and not beginning with parley:)");
        }
        return new Draft(payload, text, event, key, tags);
    }

    /**
     * Sets what this is the newest value of: {@link OverflowPolicy#LATEST_PER_KEY} leaves out what an equal key follows.
     *
     * @param key any text
     * @return a copy with it
     */
    public Draft key(String key) {
        return new Draft(payload, text, event, key, tags);
    }

    /**
     * Sets what {@link Filter#tags} looks for.
     *
     * @param tags any texts, none twice
     * @return a copy with them
     */
    public Draft tags(String... tags) {
        return new Draft(payload, text, event, key, Set.of(tags));
    }

    /**
     * The payload.
     *
     * @return the bytes themselves, not a copy
     */
    public byte[] payload() {
        return payload;
    }

    /**
     * Whether the payload is text in UTF-8.
     *
     * @return {@code false} for bytes
     */
    public boolean isText() {
        return text;
    }

    /**
     * The event name.
     *
     * @return the name; {@code null} if there is none
     */
    public @Nullable String event() {
        return event;
    }

    /**
     * The key.
     *
     * @return the key; {@code null} if there is none
     */
    public @Nullable String key() {
        return key;
    }

    /**
     * The tags.
     *
     * @return the tags, in no order
     */
    public Set<String> tags() {
        return tags;
    }
}
