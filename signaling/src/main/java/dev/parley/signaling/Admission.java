package dev.parley.signaling;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a {@link RoomPolicy} says to a wish to join.
 *
 * <pre>{@code
 * Admission.accept().name("Ann").rights(Right.CALL)
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class Admission {
    private static final Admission ACCEPTED = new Admission(null, false, false, null, null, null, null);

    private final @Nullable String refusal;
    private final boolean knock;
    private final boolean joinsOnly;
    private final @Nullable String name;
    private final @Nullable JsonNode metadata;
    private final @Nullable Set<Right> rights;
    private final @Nullable RoomSettings settings;

    private Admission(
            @Nullable String refusal,
            boolean knock,
            boolean joinsOnly,
            @Nullable String name,
            @Nullable JsonNode metadata,
            @Nullable Set<Right> rights,
            @Nullable RoomSettings settings) {
        this.refusal = refusal;
        this.knock = knock;
        this.joinsOnly = joinsOnly;
        this.name = name;
        this.metadata = metadata;
        this.rights = rights;
        this.settings = settings;
    }

    /**
     * The peer may join.
     *
     * @return the decision
     */
    public static Admission accept() {
        return ACCEPTED;
    }

    /**
     * The peer may join when an owner of the room lets it in.
     *
     * @return the decision
     */
    public static Admission knock() {
        return new Admission(null, true, false, null, null, null, null);
    }

    /**
     * The peer may not join. It is told {@code not_allowed}.
     *
     * @param why for people; the client is told
     * @return the decision
     */
    public static Admission refuse(String why) {
        return new Admission(Objects.requireNonNull(why, "why"), false, false, null, null, null, null);
    }

    /**
     * Sets the name that the others see, in place of what the client says. The peer can't change it.
     *
     * @param name up to 64 characters
     * @return a new decision
     * @throws IllegalArgumentException if it is longer
     */
    public Admission name(String name) {
        if (name.length() > SignalFormat.MAX_NAME_CHARS) {
            throw new IllegalArgumentException(
                    "name: " + name.length() + " characters (expected: at most " + SignalFormat.MAX_NAME_CHARS + ")");
        }
        return new Admission(
                refusal, knock, joinsOnly, Objects.requireNonNull(name, "name"), metadata, rights, settings);
    }

    /**
     * Sets what the others are told of the peer, in place of what the client says when it joins. The peer may say something else later.
     *
     * @param metadata a JSON object
     * @return a new decision
     */
    public Admission metadata(JsonNode metadata) {
        return new Admission(
                refusal, knock, joinsOnly, name, Objects.requireNonNull(metadata, "metadata"), rights, settings);
    }

    /**
     * Sets what the peer may do: this and nothing else. Unless it is set, a peer may {@link Right#CALL} and {@link Right#MESSAGE}, who
     * creates a room may {@link Right#OWN} it, and so may the one who has been there longest when no owner is left.
     *
     * @param rights any, or none
     * @return a new decision
     */
    public Admission rights(Right... rights) {
        Set<Right> set = EnumSet.noneOf(Right.class);
        Collections.addAll(set, rights);
        return new Admission(refusal, knock, joinsOnly, name, metadata, Collections.unmodifiableSet(set), settings);
    }

    /**
     * Sets how the room is, if it is created by this; in place of the endpoint's own settings.
     *
     * @param settings the settings
     * @return a new decision
     */
    public Admission room(RoomSettings settings) {
        return new Admission(
                refusal, knock, joinsOnly, name, metadata, rights, Objects.requireNonNull(settings, "settings"));
    }

    /** The same, where there is such a room already. */
    Admission joiningOnly() {
        return new Admission(refusal, knock, true, name, metadata, rights, settings);
    }

    boolean joinsOnly() {
        return joinsOnly;
    }

    @Nullable
    String refusal() {
        return refusal;
    }

    boolean mustKnock() {
        return knock;
    }

    @Nullable
    String name() {
        return name;
    }

    @Nullable
    JsonNode metadata() {
        return metadata;
    }

    @Nullable
    Set<Right> rights() {
        return rights;
    }

    @Nullable
    RoomSettings settings() {
        return settings;
    }
}
