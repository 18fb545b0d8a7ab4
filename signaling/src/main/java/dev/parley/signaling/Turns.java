package dev.parley.signaling;

import dev.parley.websocket.MessageException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one peer has said and the policy has not decided on: each waits for its decision and for all that was said before. As much waits as
 * would be kept for a peer that is away. Confined to the lane of a room.
 */
final class Turns {
    private static final Logger LOG = LoggerFactory.getLogger(Turns.class);

    private final Room room;
    private final Kept.Bounds bounds;
    private final Deque<Turn> waiting = new ArrayDeque<>(4);
    private int charsWaiting;

    private record Turn(
            CompletableFuture<Set<Peer>> decision,
            int chars,
            Instant until,
            Consumer<Set<Peer>> then,
            Runnable otherwise) {}

    Turns(Room room) {
        this.room = room;
        bounds = room.rooms().keptBounds();
    }

    /**
     * Goes on when it is decided who may hear something: at once, if that is so.
     *
     * @param decision who may hear it
     * @param chars how long it is
     * @param then what to do with it
     * @param otherwise what to do if the policy fails, or does not decide in time
     * @throws MessageException if too much waits already
     */
    void take(CompletableFuture<Set<Peer>> decision, int chars, Consumer<Set<Peer>> then, Runnable otherwise) {
        if (waiting.isEmpty() && decision.isDone()) {
            finish(decision, then, otherwise);
            return;
        }
        if (waiting.size() >= bounds.maxMessages()
                || charsWaiting + chars > bounds.maxBytes()
                || !bounds.reserve(chars)) {
            throw new MessageException(MessageException.TOO_MANY, "signals that wait for a decision (expected: fewer)");
        }
        charsWaiting += chars;
        waiting.add(
                new Turn(decision, chars, room.rooms().now().plus(room.rooms().patience()), then, otherwise));
        decision.whenComplete((hearers, failure) -> room.execute(this::goOn));
    }

    static void finish(CompletableFuture<Set<Peer>> decision, Consumer<Set<Peer>> then, Runnable otherwise) {
        Set<Peer> hearers;
        try {
            hearers = decision.join();
        } catch (CompletionException | CancellationException e) {
            LOG.error("a policy of rooms failed", e);
            otherwise.run();
            return;
        }
        then.accept(hearers);
    }

    private void goOn() {
        for (Turn next = waiting.peek(); next != null && next.decision.isDone(); next = waiting.peek()) {
            remove(next);
            finish(next.decision, next.then, next.otherwise);
        }
    }

    /** Gives up what the policy has not decided on in time. */
    void tick(Instant now) {
        for (Turn next = waiting.peek(); next != null && !now.isBefore(next.until); next = waiting.peek()) {
            remove(next);
            LOG.error(
                    "a policy of rooms did not decide on a signal within {}",
                    room.rooms().patience());
            next.otherwise.run();
            goOn();
        }
    }

    /** The peer is gone, and nobody hears it any more. */
    void forgetAll() {
        bounds.release(charsWaiting);
        charsWaiting = 0;
        waiting.clear();
    }

    private void remove(Turn turn) {
        waiting.remove();
        charsWaiting -= turn.chars;
        bounds.release(turn.chars);
    }
}
