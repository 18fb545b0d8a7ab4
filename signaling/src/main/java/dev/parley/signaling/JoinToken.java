package dev.parley.signaling;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a token lets its holder do: join one room, for a while. {@link JoinTokens#issue} signs it.
 *
 * <pre>{@code
 * JoinToken.room("team").name("Ann").rights(Right.CALL).expiresAfter(Duration.ofMinutes(5)).once()
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class JoinToken {
    /** Time to open a page and say yes to camera and microphone, and to come back after a break. */
    private static final Duration LIFE = Duration.ofHours(1);

    private static final Duration LEAST_LIFE = Duration.ofSeconds(1);
    private static final Duration MOST_LIFE = Duration.ofDays(365);
    private static final int MAX_ROOM_CHARS = 128;
    private static final int MAX_NAME_CHARS = 64;

    private final String room;
    private final Admission admission;
    private final @Nullable Instant validFrom;
    private final Duration expiresAfter;
    private final boolean joinsOnly;
    private final boolean once;

    private JoinToken(
            String room,
            Admission admission,
            @Nullable Instant validFrom,
            Duration expiresAfter,
            boolean joinsOnly,
            boolean once) {
        this.room = room;
        this.admission = admission;
        this.validFrom = validFrom;
        this.expiresAfter = expiresAfter;
        this.joinsOnly = joinsOnly;
        this.once = once;
    }

    /**
     * Lets its holder join a room for an hour, any number of times, under any name, and create it if it is not there.
     *
     * @param room the room's name, exactly: 1 to 128 characters, none of them a control character
     * @return what to sign, or to restrict further
     * @throws IllegalArgumentException if no room can have that name
     */
    public static JoinToken room(String room) {
        return new JoinToken(text("room", room, 1, MAX_ROOM_CHARS), Admission.accept(), null, LIFE, false, false);
    }

    /**
     * Sets the name that the others see, in place of what the client says.
     *
     * @param name up to 64 characters, none of them a control character
     * @return a new token
     * @throws IllegalArgumentException if it is not so
     */
    public JoinToken name(String name) {
        return with(admission.name(text("name", name, 0, MAX_NAME_CHARS)));
    }

    /**
     * Sets what the others are told of the holder, in place of what the client says. The holder can read it in the token.
     *
     * @param metadata a JSON object; it is copied
     * @return a new token
     * @throws IllegalArgumentException if it is none
     */
    public JoinToken metadata(JsonNode metadata) {
        if (!metadata.isObject()) {
            throw new IllegalArgumentException("metadata: " + metadata.getNodeType() + " (expected: a JSON object)");
        }
        return with(admission.metadata(metadata.deepCopy()));
    }

    /**
     * Sets what the holder may do: this and nothing else. Unless it is set, that is as {@link Admission#rights} says: among others, who
     * creates the room owns it.
     *
     * @param rights any, or none
     * @return a new token
     */
    public JoinToken rights(Right... rights) {
        return with(admission.rights(rights));
    }

    /**
     * Sets when the token begins to be good: at once unless set.
     *
     * @param validFrom the time, to the second
     * @return a new token
     */
    public JoinToken validFrom(Instant validFrom) {
        Objects.requireNonNull(validFrom, "validFrom");
        return new JoinToken(room, admission, validFrom, expiresAfter, joinsOnly, once);
    }

    /**
     * Sets for how long the token is good: an hour unless set. Counted from when it is issued, or from {@link #validFrom}. Who has joined by
     * then stays, and may come back with its session.
     *
     * @param expiresAfter 1 second to 365 days
     * @return a new token
     * @throws IllegalArgumentException if it is not so
     */
    public JoinToken expiresAfter(Duration expiresAfter) {
        if (expiresAfter.compareTo(LEAST_LIFE) < 0 || expiresAfter.compareTo(MOST_LIFE) > 0) {
            throw new IllegalArgumentException("expiresAfter: " + expiresAfter + " (expected: PT1S to PT8760H)");
        }
        return new JoinToken(room, admission, validFrom, expiresAfter, joinsOnly, once);
    }

    /**
     * Doesn't let the holder create the room: somebody else has to be there.
     *
     * @return a new token
     */
    public JoinToken joinsOnly() {
        return new JoinToken(room, admission, validFrom, expiresAfter, true, once);
    }

    /**
     * Lets the holder in once; {@link JoinTokens} says when a token counts as used. A client that has lost its session needs another one.
     *
     * @return a new token
     */
    public JoinToken once() {
        return new JoinToken(room, admission, validFrom, expiresAfter, joinsOnly, true);
    }

    String room() {
        return room;
    }

    Admission admission() {
        return admission;
    }

    /** What is signed, if it is issued now. */
    JoinClaims claims(Instant now, String id) {
        Instant begin = validFrom == null ? now : validFrom;
        long end = begin.plus(expiresAfter).plusSeconds(1).minusNanos(1).getEpochSecond();
        return new JoinClaims(
                room,
                admission,
                validFrom == null ? Long.MIN_VALUE : begin.getEpochSecond(),
                end,
                joinsOnly,
                once ? id : null);
    }

    private JoinToken with(Admission admission) {
        return new JoinToken(room, admission, validFrom, expiresAfter, joinsOnly, once);
    }

    private static String text(String what, String text, int least, int most) {
        if (text.length() < least || text.length() > most) {
            throw new IllegalArgumentException(
                    what + ": " + text.length() + " characters (expected: " + least + " to " + most + ")");
        }
        // JSON has no place for half a surrogate pair.
        if (text.chars().anyMatch(Character::isISOControl)
                || !UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException(
                    what + ": a control character or half a surrogate pair (expected: neither)");
        }
        return text;
    }

    /** The room, and how long. */
    @Override
    public String toString() {
        return "JoinToken[room=" + room + ", expiresAfter=" + expiresAfter + (once ? ", once]" : "]");
    }
}
