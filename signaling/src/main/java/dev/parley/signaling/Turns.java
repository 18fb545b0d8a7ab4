package dev.parley.signaling;

import dev.parley.websocket.MessageException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one peer says, in its order, while the policy takes its time: one signal is asked about, and what comes behind it waits for its
 * turn. As much waits as would be kept for a peer that is away. Confined to the lane of a room.
 */
final class Turns {
    private static final Logger LOG = LoggerFactory.getLogger(Turns.class);

    private final Peer peer;
    private final Kept.Bounds bounds;
    private final Deque<Turn> waiting = new ArrayDeque<>(4);
    private int charsWaiting;
    private @Nullable Question asked;

    /** Until when one that leaves waits for what it said before. */
    private @Nullable Instant leaves;

    private record Turn(int chars, boolean isLast, Runnable begin) {}

    /** Itself, not what it asks, tells it from another one. */
    private static final class Question {
        private final Hearers hearers;
        private final Instant until;
        private final Consumer<Hearers> then;

        Question(Hearers hearers, Instant until, Consumer<Hearers> then) {
            this.hearers = hearers;
            this.until = until;
            this.then = then;
        }
    }

    Turns(Peer peer) {
        this.peer = peer;
        bounds = peer.room().rooms().keptBounds();
    }

    /**
     * Does something when all that was said before is done.
     *
     * @throws MessageException if too much waits already
     */
    void take(int chars, Runnable turn) {
        if (asked == null) {
            turn.run();
            return;
        }
        if (waiting.size() >= bounds.maxMessages()
                || charsWaiting + chars > bounds.maxBytes()
                || !bounds.reserve(chars)) {
            throw new MessageException(MessageException.TOO_MANY, "signals that wait for a decision (expected: fewer)");
        }
        charsWaiting += chars;
        waiting.add(new Turn(chars, false, turn));
    }

    /** The same for the peer's leaving, which is never refused, and waits for no more than one decision takes. */
    void takeLast(Runnable turn) {
        if (asked == null) {
            turn.run();
        } else if (leaves == null) {
            leaves = peer.room().rooms().now().plus(peer.room().rooms().patience());
            waiting.add(new Turn(0, true, turn));
        }
    }

    /** The same for what was said before all that waits, and was kept elsewhere until now, within the same bounds. */
    void takeFirst(int chars, Runnable turn) {
        if (asked == null) {
            turn.run();
        } else {
            bounds.taken().addAndGet(chars);
            charsWaiting += chars;
            waiting.addFirst(new Turn(chars, false, turn));
        }
    }

    /** Goes on when it is known who may hear something: the end of a turn. */
    void await(Hearers hearers, Consumer<Hearers> then) {
        Room room = peer.room();
        Question question =
                new Question(hearers, room.rooms().now().plus(room.rooms().patience()), then);
        asked = question;
        hearers.decided().thenRun(() -> room.execute(() -> answered(question)));
    }

    private void answered(Question question) {
        if (asked == question) { // else it was given up, or the peer is gone
            asked = null;
            run(() -> question.then.accept(question.hearers));
            goOn();
        }
    }

    private void goOn() {
        while (asked == null && !waiting.isEmpty()) {
            Turn next = waiting.remove();
            charsWaiting -= next.chars;
            bounds.release(next.chars);
            if (next.isLast) {
                leaves = null;
            }
            run(next.begin);
        }
    }

    private void run(Runnable turn) {
        try {
            turn.run();
        } catch (RuntimeException e) { // the next has its turn all the same
            LOG.error("{}: a signal failed", peer, e);
        }
    }

    /** Gives up what the policy has not decided on in time. */
    void tick(Instant now) {
        if (leaves != null && !now.isBefore(leaves)) {
            leave();
            return;
        }
        Question question = asked;
        if (question != null && !now.isBefore(question.until)) {
            question.hearers.giveUp();
            answered(question);
        }
    }

    /** What it said before is given up. */
    private void leave() {
        LOG.error("{}: a policy of rooms did not decide on what it said before it left", peer);
        asked = null;
        Turn next = waiting.remove();
        while (!next.isLast) {
            charsWaiting -= next.chars;
            bounds.release(next.chars);
            next = waiting.remove();
        }
        leaves = null;
        run(next.begin);
        goOn();
    }

    /** The peer is gone, and nobody hears it any more. */
    void forgetAll() {
        asked = null;
        leaves = null;
        bounds.release(charsWaiting);
        charsWaiting = 0;
        waiting.clear();
    }
}
