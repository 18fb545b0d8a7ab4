package dev.parley.topic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Subscriptions to the same topics, on the same executor, with the same encoding, filter and policy: what is published is read
 * and encoded once for all that keep up.
 *
 * <p><b>States of a cursor.</b> It <i>keeps up</i> while it stands at the front: then it is in the array, and gets each
 * batch. When its outlet takes no more it is <i>behind</i>, with a place of its own. When the outlet takes more again it
 * reads on by itself, until it stands at the front. One that waits for publications that this node has not heard of yet
 * is <i>ahead</i>. As all of this happens on one dispatcher, a cursor that comes to the front misses nothing and hears
 * nothing twice.
 *
 * <p>Confined to the dispatcher, but for {@link #wake}, {@link #resume}, {@link #close} and what is counted under the lock of
 * the first log.
 */
final class Group<B> implements Runnable {
    private final Topics topics;
    final Log[] logs;
    private final Object key;
    private final Dispatcher dispatcher;
    private final Encoding<B> encoding;
    private final Filter filter;
    private final OverflowPolicy overflow;
    private final AtomicBoolean woken = new AtomicBoolean();
    /** Members that have not left, under the lock of the first log. */
    int entered;

    /** Where those that keep up stand; {@code null} before the first has begun. */
    private @Nullable Place front;

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
    private @Nullable Cursor<B>[] keepingUp = new Cursor[4];

    private int size;
    private final Set<Cursor<B>> behind = Collections.newSetFromMap(new IdentityHashMap<>(0));
    private final Set<Cursor<B>> ahead = Collections.newSetFromMap(new IdentityHashMap<>(0));
    /** Whether there is a task that advances, besides those that publications bring. */
    private boolean goingOn;

    Group(
            Topics topics,
            Log[] logs,
            Object key,
            Dispatcher dispatcher,
            Encoding<B> encoding,
            Filter filter,
            OverflowPolicy overflow) {
        this.topics = topics;
        this.logs = logs;
        this.key = key;
        this.dispatcher = dispatcher;
        this.encoding = encoding;
        this.filter = filter;
        this.overflow = overflow;
    }

    // ---- members, under the lock of the first log

    void enter() {
        entered++;
    }

    /** Whether it was the last. */
    boolean leave() {
        return --entered == 0;
    }

    // ---- from any thread

    /** Something was published. */
    void wake() {
        // Read before it is written: mostly it is set, and many threads publish.
        if (!woken.get() && woken.compareAndSet(false, true)) {
            topics.afterLinger(dispatcher, this);
        }
    }

    void start(Cursor<B> cursor, List<Mark> marks) {
        dispatcher.execute(() -> begin(cursor, marks));
    }

    /** It can't begin. */
    void fail(Cursor<B> cursor, Throwable failure) {
        dispatcher.execute(() ->
                end(cursor, topics.isClosed() ? Subscription.End.TOPICS_CLOSED : Subscription.End.FAILED, failure));
    }

    void resume(Cursor<B> cursor) {
        if (cursor.markResuming()) {
            dispatcher.execute(() -> {
                cursor.clearResuming();
                catchUp(cursor);
            });
        }
    }

    void close(Cursor<B> cursor) {
        if (cursor.markOver()) {
            dispatcher.execute(() -> leave(cursor, Subscription.End.CLOSED, null));
        }
    }

    /** The topics are closed. */
    void close() {
        dispatcher.execute(() -> endAll(Subscription.End.TOPICS_CLOSED, null));
    }

    // ---- on the dispatcher

    @Override
    public void run() {
        woken.set(false); // first, so that what is published from now on wakes anew
        advance();
    }

    String id() {
        return front == null ? "" : front.id();
    }

    private void begin(Cursor<B> cursor, List<Mark> marks) {
        if (topics.isClosed()) {
            end(cursor, Subscription.End.TOPICS_CLOSED, null);
        } else if (dispatcher.isShutDown()) {
            end(cursor, Subscription.End.FAILED, shutDown());
        }
        if (!cursor.isOpen()) {
            return;
        }
        if (front == null || size == 0) {
            front = Place.atTail(logs);
        }
        List<Gap> gaps = new ArrayList<>(0);
        for (Mark mark : marks) {
            if (mark.gap() != null) {
                gaps.add(mark.gap());
            }
        }
        Place start = Place.of(logs, marks);
        gaps.addAll(start.recover()); // what was lost since it subscribed
        behind.add(cursor);
        cursor.begin(start, gaps);
        catchUp(cursor);
    }

    /** Gives what was published to all that keep up. */
    private void advance() {
        if (dispatcher.isShutDown()) {
            endAll(Subscription.End.FAILED, shutDown());
            return;
        }
        Place at = front;
        if (at == null) {
            return;
        }
        if (size == 0) {
            at.toTail();
        } else if (at.isLost()) {
            // Even those who keep up were overtaken: each goes on as its policy says.
            Place lost = at.copy();
            List<@Nullable Cursor<B>> all = List.of(Arrays.copyOf(keepingUp, size));
            all.forEach(cursor -> fallBehind(cursor, lost.copy()));
            at.toTail();
            all.forEach(this::catchUp);
        } else {
            giveNext(at);
        }
        if (!ahead.isEmpty()) {
            List.copyOf(ahead).forEach(this::catchUp);
        }
    }

    /** Advances once more, when others have had their turn: without a linger, as this waits already. */
    private void goOn() {
        if (!goingOn) {
            goingOn = true;
            dispatcher.execute(() -> {
                goingOn = false;
                advance();
            });
        }
    }

    private void giveNext(Place at) {
        Place before = at.copy();
        Batch batch = new Batch();
        B encoded;
        try {
            if (at.read(null, filter, batch)) {
                goOn();
            }
            if (batch.size() == 0) {
                return;
            }
            encoded = encoding.encode(batch);
        } catch (Throwable t) { // the filter's, or the encoding's: nobody has heard of this
            endKeepingUp(Subscription.End.FAILED, t, before.id());
            return;
        }
        giveToAll(encoded, before);
        try {
            encoding.release(encoded);
        } catch (Throwable t) {
            endKeepingUp(Subscription.End.FAILED, t, at.id());
        }
    }

    private void giveToAll(B encoded, Place before) {
        for (int i = 0; i < size; ) {
            Cursor<B> cursor = keepingUp(i);
            if (!cursor.isOpen()) {
                dropClosed(cursor, before);
            } else if (cursor.write(encoded)) {
                i++;
            } else if (cursor.index == i) { // else it has failed, and the last of the array is here now
                if (cursor.isOpen()) {
                    fallBehind(cursor, before.copy());
                } else {
                    dropClosed(cursor, before);
                }
            }
        }
    }

    /** Reads on for one that is behind, as far as its outlet takes it. */
    private void catchUp(Cursor<B> cursor) {
        Place own = cursor.own();
        Place target = front;
        if (dispatcher.isShutDown()) {
            end(cursor, Subscription.End.FAILED, shutDown());
            return;
        }
        if (own == null || target == null || !cursor.isWritable()) {
            return;
        }
        ahead.remove(cursor);
        if (target.isLost()) {
            goOn(); // first the front: two places can be compared if both are in what is kept
            resume(cursor);
            return;
        }
        if (own.isLost() && !recover(cursor, own, target)) {
            return;
        }
        if (own.is(target)) {
            behind.remove(cursor);
            cursor.own(null);
            keepUp(cursor);
        } else if (!own.isBehind(target)) {
            ahead.add(cursor);
        } else {
            Place before = own.copy();
            try {
                Batch batch = new Batch();
                if (overflow == OverflowPolicy.LATEST_PER_KEY) {
                    own.readLatest(target, filter, batch);
                } else {
                    own.read(target, filter, batch);
                }
                if (batch.size() == 0 || write(cursor, batch)) {
                    resume(cursor); // the others have their turn before it goes on
                } else if (cursor.isOpen()) {
                    cursor.own(before);
                }
            } catch (Throwable t) {
                cursor.own(before);
                end(cursor, Subscription.End.FAILED, t);
            }
        }
    }

    private boolean write(Cursor<B> cursor, Batch batch) {
        B encoded = encoding.encode(batch);
        try {
            return cursor.write(encoded);
        } finally {
            encoding.release(encoded);
        }
    }

    /** Does as the policy says with one that was overtaken; whether it goes on. */
    private boolean recover(Cursor<B> cursor, Place own, Place target) {
        if (topics.isClosed()) {
            end(cursor, Subscription.End.TOPICS_CLOSED, null); // nothing is kept any more
            return false;
        }
        switch (overflow) {
            case RESUME -> end(cursor, Subscription.End.OVERRUN, null);
            case SKIP_TO_TAIL -> cursor.tell(own.skipTo(target));
            case LATEST_PER_KEY -> cursor.tell(own.recover());
        }
        return cursor.isOpen();
    }

    // ---- the array of those that keep up

    private Cursor<B> keepingUp(int index) {
        Cursor<B> cursor = keepingUp[index];
        if (cursor == null) {
            throw new IllegalStateException(index + " of " + size + " is empty");
        }
        return cursor;
    }

    private void keepUp(Cursor<B> cursor) {
        if (size == keepingUp.length) {
            keepingUp = Arrays.copyOf(keepingUp, 2 * size);
        }
        cursor.index = size;
        keepingUp[size++] = cursor;
    }

    private void fallBehind(Cursor<B> cursor, Place place) {
        drop(cursor);
        cursor.own(place);
        behind.add(cursor);
    }

    /** One that was closed gets nothing more; it leaves soon. */
    private void dropClosed(Cursor<B> cursor, Place place) {
        cursor.freezeId(place.id());
        drop(cursor);
    }

    private void drop(Cursor<B> cursor) {
        Cursor<B> last = keepingUp(--size);
        keepingUp[size] = null;
        if (last != cursor) {
            keepingUp[cursor.index] = last;
            last.index = cursor.index;
        }
        cursor.index = Cursor.NOWHERE;
    }

    // ---- the end

    private static RejectedExecutionException shutDown() {
        return new RejectedExecutionException("the subscription's executor takes no more tasks");
    }

    private void endAll(Subscription.End end, @Nullable Throwable failure) {
        endKeepingUp(end, failure, id());
        for (Cursor<B> cursor : List.copyOf(behind)) {
            end(cursor, end, failure);
        }
    }

    private void endKeepingUp(Subscription.End end, @Nullable Throwable failure, String id) {
        while (size > 0) {
            Cursor<B> cursor = keepingUp(size - 1);
            cursor.freezeId(id);
            if (cursor.isOpen()) {
                end(cursor, end, failure);
            }
            if (cursor.index != Cursor.NOWHERE) { // it was closed by another thread
                drop(cursor);
            }
        }
    }

    /** Ends one, unless that has happened. */
    void end(Cursor<B> cursor, Subscription.End end, @Nullable Throwable failure) {
        if (cursor.markOver()) {
            leave(cursor, end, failure);
        }
    }

    private void leave(Cursor<B> cursor, Subscription.End end, @Nullable Throwable failure) {
        cursor.freezeId(cursor.id());
        if (cursor.index != Cursor.NOWHERE) {
            drop(cursor);
        }
        behind.remove(cursor);
        ahead.remove(cursor);
        for (Log log : logs) {
            log.left(cursor.who());
        }
        if (logs[0].leave(key, this)) {
            for (Log log : logs) {
                log.remove(this);
            }
        }
        topics.leave(dispatcher);
        try {
            cursor.ended(end, failure);
        } catch (Throwable t) {
            topics.failed(t);
        }
    }
}
