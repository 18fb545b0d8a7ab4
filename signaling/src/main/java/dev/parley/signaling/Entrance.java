package dev.parley.signaling;

import dev.parley.http.Exchange;
import dev.parley.websocket.MessageException;
import java.security.Principal;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Somebody on the way into a room, in whatever protocol: the policy is asked, a place on the server is taken, and the room lets it in, lets it wait, or refuses it.
 *
 * <p>Called by rooms on their lanes, and by policies on any thread.
 */
abstract class Entrance {
    private static final Logger LOG = LoggerFactory.getLogger(Entrance.class);

    private final Rooms rooms;
    private final ClientSignal.Join join;
    private final Link link;
    private volatile @Nullable Principal principal;
    private volatile @Nullable Admission admission;

    Entrance(Rooms rooms, ClientSignal.Join join, Link link) {
        this.rooms = rooms;
        this.join = join;
        this.link = link;
    }

    /** Asks the policy, and goes on as it decides: ends with {@link #entered}, {@link #waits} or {@link #refused}. */
    final void ask(Exchange by, Ticker ticker) {
        principal = by.principal().orElse(null);
        CompletionStage<Admission> decision;
        try {
            decision = rooms.admission(by, join);
        } catch (RuntimeException | Error e) {
            refused(told(e));
            return;
        }
        decision.whenComplete((decided, failure) -> {
            if (isGone()) {
                return;
            }
            if (decided == null) {
                refused(told(failure));
            } else if (decided.refusal() != null) {
                refused(new MessageException(MessageException.NOT_ALLOWED, decided.refusal()));
            } else if (!rooms.reservePeer()) {
                refused(new MessageException(MessageException.TOO_MANY, "the server has no room for more peers now"));
            } else {
                admission = decided;
                ticker.start(by.eventLoop());
                rooms.enter(this);
            }
        });
    }

    /** What may be told of a policy that failed. */
    private static MessageException told(@Nullable Throwable failure) {
        if (failure instanceof MessageException told) {
            return told;
        }
        LOG.error("a policy of rooms failed", failure);
        return new MessageException(MessageException.FAILED, "something failed");
    }

    /** Its room, or the server, has no place for it. */
    final void refuse(String code, String message) {
        rooms.releasePeer();
        refused(new MessageException(code, message));
    }

    // ---- what becomes of it

    /** Whether nobody waits for a decision any more. */
    boolean isGone() {
        return false;
    }

    /** It is in. */
    abstract void entered(Peer peer);

    /** It must wait; if it doesn't, this is called. */
    abstract void waits(Runnable givesUp);

    /** It is not let in. */
    abstract void refused(MessageException why);

    /** It has waited in vain. */
    abstract void sendAway(LeaveReason reason, String text);

    // ---- who it is

    /** What it said. */
    final ClientSignal.Join join() {
        return join;
    }

    final Link link() {
        return link;
    }

    /** Who the guards before the endpoint say that it is. */
    final @Nullable Principal principal() {
        return principal;
    }

    /** What the policy said. */
    final Admission admission() {
        return Objects.requireNonNull(admission, "admission");
    }

    final String name() {
        return Objects.requireNonNullElse(admission().name(), join.name());
    }

    final JsonNode metadata() {
        return Objects.requireNonNullElse(admission().metadata(), join.metadata());
    }

    /** The id of the message with which it asked. */
    @Nullable
    Object id() {
        return null;
    }

    /** What it wants the others to know it by; {@code null} for anything. */
    @Nullable
    String peerId() {
        return null;
    }

    /** With which it may come back; {@code null} for anything that nobody guesses. */
    @Nullable
    String session() {
        return null;
    }

    // ---- what its room is like, if it is the first one

    Dialect newDialect(Room room) {
        return Dialect.PARLEY;
    }

    /** What goes where the policy says nothing. */
    RoomSettings settings(RoomSettings usual) {
        return usual;
    }
}
