package dev.parley.signaling;

import dev.parley.signaling.ServerSignal.PeerView;
import java.security.Principal;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One participant of a {@link Room}. It outlives its connection by the {@linkplain SignalingEndpoint.Builder#grace grace period}.
 *
 * <p><b>Threading.</b> Thread-safe: what is public may be called on any thread, and what is asked for is done soon, in the order of the
 * room.
 */
public final class Peer {
    private static final Set<Right> ALL = Collections.unmodifiableSet(EnumSet.allOf(Right.class));
    private static final Set<Right> USUAL = Collections.unmodifiableSet(EnumSet.of(Right.CALL, Right.MESSAGE));

    private final Room room;
    private final String id;
    private final String session;
    private final @Nullable Principal principal;
    private final Kept kept;
    private final Allowance allowance;
    private final boolean rightsAreGiven;
    private final boolean named;
    private final long order;

    private volatile String name;
    private volatile JsonNode metadata;
    private volatile Set<Right> rights;
    private volatile @Nullable Link link;

    // ---- on the lane of the room only
    private @Nullable Instant awayUntil;
    private @Nullable Instant renewIceServers;
    /** To which others it is past its first try to connect, and how far. */
    private @Nullable Map<String, Integer> generations;

    private @Nullable Turns turns;

    Peer(Room room, Entrance entrance, String id, long order, boolean first) {
        this.room = room;
        this.id = id;
        this.order = order;
        Admission admission = entrance.admission();
        session = Objects.requireNonNullElseGet(entrance.session(), room.rooms()::newSession);
        principal = entrance.principal();
        kept = room.rooms().newKept();
        allowance = room.rooms().newAllowance();
        link = entrance.link();
        named = admission.name() != null;
        name = Objects.requireNonNullElse(admission.name(), entrance.join().name());
        metadata =
                Objects.requireNonNullElse(admission.metadata(), entrance.join().metadata());
        Set<Right> given = admission.rights();
        rightsAreGiven = given != null;
        rights = given != null ? given : first ? ALL : USUAL;
    }

    // ---- for the application

    /**
     * What the other peers know it by.
     *
     * @return 16 characters without a meaning; for a client of PeerJS its own id
     */
    public String id() {
        return id;
    }

    /**
     * The room that it is in, or was.
     *
     * @return the room
     */
    public Room room() {
        return room;
    }

    /**
     * Its name.
     *
     * @return up to 64 characters; may be empty
     */
    public String name() {
        return name;
    }

    /**
     * What it says of itself.
     *
     * @return a JSON object, not to be changed
     */
    public JsonNode metadata() {
        return metadata;
    }

    /**
     * What it may do.
     *
     * @return any, or none; not to be changed
     */
    public Set<Right> rights() {
        return rights;
    }

    /**
     * Who a {@link dev.parley.http.Guard} recognised when it joined.
     *
     * @return the principal; empty where no guard recognised anybody
     */
    public Optional<Principal> principal() {
        return Optional.ofNullable(principal);
    }

    /**
     * Whether it has a connection just now.
     *
     * @return {@code false} if it is away, and may come back, or has left
     */
    public boolean isConnected() {
        return link != null;
    }

    /**
     * Sends it a message of the application: {@code {"type":"message","payload":{"data":…}}}, without {@code from}. If it is away it gets it
     * when it comes back.
     *
     * @param data any JSON
     */
    public void send(JsonNode data) {
        Outgoing message = new Outgoing(new ServerSignal.Message(null, data));
        room.execute(() -> tell(message));
    }

    /**
     * Sends it away, for good: it is told, and its session is over. Does nothing if it has left.
     *
     * @param text why, for people; it is told
     */
    public void evict(String text) {
        Objects.requireNonNull(text, "text");
        room.execute(() -> room.remove(this, LeaveReason.EVICTED, text));
    }

    /** For logs: without what it says of itself. */
    @Override
    public String toString() {
        return "peer " + id + " of " + room.name();
    }

    // ---- on the lane of the room

    String session() {
        return session;
    }

    Allowance allowance() {
        return allowance;
    }

    boolean is(Right right) {
        return rights.contains(right);
    }

    /** Whether the application left it to the room what it may do. */
    boolean mayInherit() {
        return !rightsAreGiven;
    }

    void inherit() {
        rights = ALL;
    }

    /** Whether the application gave it its name. */
    boolean isNamed() {
        return named;
    }

    void update(@Nullable String newName, @Nullable JsonNode newMetadata) {
        name = newName == null ? name : newName;
        metadata = newMetadata == null ? metadata : newMetadata;
    }

    /** As another one sees it. */
    PeerView view(boolean polite) {
        return new PeerView(id, name, metadata, polite, is(Right.OWN));
    }

    /** Whether it gives way to another one when both make an offer at once: who came later does. */
    boolean isPoliteTo(Peer other) {
        return order > other.order;
    }

    /** Sends what it must not miss. */
    void tell(Outgoing message) {
        Link to = link;
        if (to == null) {
            if (!room.has(this)) {
                return;
            }
            kept.add(message);
        } else {
            to.send(message, to.isAcknowledged() ? kept.add(message) : kept.pass(), null);
        }
    }

    void tell(ServerSignal signal) {
        tell(new Outgoing(signal));
    }

    /** Sends what is for this connection only. */
    void answer(ServerSignal signal, @Nullable Object id) {
        Link to = link;
        if (to != null) {
            to.send(new Outgoing(signal), 0, id);
        }
    }

    void acknowledge(long seq) {
        kept.acknowledge(seq);
    }

    Kept kept() {
        return kept;
    }

    @Nullable
    Link link() {
        return link;
    }

    /** Its connection is gone. */
    void away(Instant until) {
        link = null;
        awayUntil = until;
    }

    /** It has a connection. */
    void back(Link with) {
        link = with;
        awayUntil = null;
    }

    boolean isOverdue(Instant now) {
        return awayUntil != null && !now.isBefore(awayUntil);
    }

    // ---- what it says, in its order: see Turns

    void inTurn(int chars, Runnable turn) {
        if (turns == null) {
            turn.run();
        } else {
            turns.take(chars, turn);
        }
    }

    void lastTurn(Runnable turn) {
        if (turns == null) {
            turn.run();
        } else {
            turns.takeLast(turn);
        }
    }

    void nextTurn(int chars, Runnable turn) {
        if (turns == null) {
            turn.run();
        } else {
            turns.takeFirst(chars, turn);
        }
    }

    /** Asks who may hear what it says, at the end of its turn. Goes on at once if that is known at once. */
    void ask(Collection<Peer> others, Consumer<Hearers> then) {
        Hearers hearers = room.rooms().hearers(this, others);
        if (hearers.decided().isDone()) {
            then.accept(hearers);
            return;
        }
        Turns own = turns;
        if (own == null) {
            own = new Turns(this);
            turns = own;
        }
        own.await(hearers, then);
    }

    void tickTurns(Instant now) {
        if (turns != null) {
            turns.tick(now);
        }
    }

    /** It is not in the room any more. */
    void gone() {
        if (turns != null) {
            turns.forgetAll();
        }
        link = null;
        awayUntil = null;
        generations = null;
        kept.forgetAll();
    }

    /** Whether new credentials for TURN are due; not while it is away, as it gets them when it comes back. */
    boolean needsIceServers(Instant now) {
        return link != null && renewIceServers != null && !now.isBefore(renewIceServers);
    }

    void iceServersUntil(@Nullable Instant renew) {
        renewIceServers = renew;
    }

    /** A description goes to another one: what comes late for an earlier try of the two is not passed on from now on. */
    void begins(Peer to, int generation) {
        if (generation > 0) {
            Map<String, Integer> known = generations;
            if (known == null) {
                known = new HashMap<>(4);
                generations = known;
            }
            known.merge(to.id, generation, Math::max);
        }
    }

    /** Whether something belongs to the last try of the two to connect. */
    boolean isCurrent(Peer to, int generation) {
        return generations == null || generation >= generations.getOrDefault(to.id, 0);
    }

    void forget(Peer other) {
        if (generations != null) {
            generations.remove(other.id);
        }
    }
}
