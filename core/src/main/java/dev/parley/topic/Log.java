package dev.parley.topic;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A topic's log on this node: the ring, and the groups of subscriptions that read it.
 *
 * <p><b>What is kept.</b> The topic's {@link History}; and while somebody subscribes at least the backlog of
 * {@link Topics}, as even the quickest reader comes a moment after the publisher. What is only backlog is not replayed.
 *
 * <p><b>Threading.</b> Writers hold the lock for a moment, under which no code of the application runs. Readers take none.
 */
final class Log implements Broker.Listener {
    private final String name;
    private final Topics topics;
    private final History history;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile @Nullable Ring ring;
    /** Offset of the oldest publication that is history; one more than the tail where none is. Under the lock. */
    long historyHead;
    /** What the history takes. Under the lock. */
    long historyBytes;

    private Broker.@Nullable Link link;
    /** What waits for the link, in order; {@code null} once nothing has to. Under the lock. */
    private @Nullable Deque<Consumer<@Nullable Throwable>> waiting = new ArrayDeque<>();

    private int publicationsWaiting;
    private long bytesWaiting;
    /** Whether there is a link, and nothing waits for it. */
    private volatile boolean open;
    /** Why there will be no link. Under the lock. */
    private @Nullable Throwable refusal;

    /** The groups to wake; those that can be found by what they share are in {@link #shared} as well. */
    final Set<Group<?>> groups = ConcurrentHashMap.newKeySet();

    private final Map<Object, Group<?>> shared = new HashMap<>();
    private final CopyOnWriteArrayList<PresenceListener> presenceListeners = new CopyOnWriteArrayList<>();
    private volatile int subscriptions;
    /** How many threads are about to do something with it. */
    private final AtomicInteger holders = new AtomicInteger();
    /** When there last was a subscription or a publication. */
    private volatile long usedAt;

    private volatile boolean retired;

    /** Who hears of presence, in order, and where. */
    private record PresenceListener(Dispatcher dispatcher, Consumer<Presence> listener) {}

    Log(String name, Topics topics, History history) {
        this.name = name;
        this.topics = topics;
        this.history = history;
        this.usedAt = topics.now();
    }

    String name() {
        return name;
    }

    // ---- the broker's side

    void join(Broker broker) {
        CompletionStage<Broker.Link> joining;
        try {
            joining = broker.join(name, history.count(), this);
        } catch (RuntimeException e) {
            joining = CompletableFuture.failedStage(e);
        }
        joining.whenComplete(this::joined);
    }

    private void joined(Broker.@Nullable Link made, @Nullable Throwable failure) {
        boolean late;
        lock.lock();
        try {
            late = retired;
            if (!late) {
                link = made;
                refusal = failure;
                if (failure != null) {
                    retired = true; // so that whoever comes next tries anew
                    keepNothing();
                }
            }
        } finally {
            lock.unlock();
        }
        if (late) {
            leave(made);
            return;
        }
        if (failure != null) {
            topics.forget(this);
        }
        goOn();
    }

    /** Runs what waits for the link, in order; what comes meanwhile waits behind it. */
    private void goOn() {
        while (true) {
            Consumer<@Nullable Throwable> next;
            Throwable why;
            lock.lock();
            try {
                next = waiting == null ? null : waiting.poll();
                why = refusal;
                if (next == null) {
                    waiting = null;
                    open = why == null;
                    return;
                }
            } finally {
                lock.unlock();
            }
            next.accept(why);
        }
    }

    /** Runs a task once there is a link, behind all that wait for it; it is given why there is none, if so. */
    void whenJoined(Consumer<@Nullable Throwable> task) {
        Throwable why = null;
        if (!open) {
            lock.lock();
            try {
                if (waiting != null) {
                    waiting.add(task);
                    return;
                }
                why = refusal;
            } finally {
                lock.unlock();
            }
        }
        task.accept(why);
    }

    /** Appends a publication, in the order of the calls. */
    CompletionStage<Position> append(Draft draft) {
        if (open) {
            return topics.broker().append(name, draft);
        }
        lock.lock();
        try {
            int size = Publication.size(draft);
            if (waiting != null
                    && (publicationsWaiting == topics.backlogCount()
                            || publicationsWaiting > 0 && bytesWaiting + size > topics.backlogBytes())) {
                return CompletableFuture.failedStage(new TopicException(
                        TopicException.Reason.FULL,
                        Names.printable(name) + ": " + publicationsWaiting
                                + " publications wait for the broker (expected: no more than the backlog)"));
            }
            publicationsWaiting++;
            bytesWaiting += size;
        } finally {
            lock.unlock();
        }
        CompletableFuture<Position> answer = new CompletableFuture<>();
        whenJoined(why -> {
            CompletionStage<Position> appended;
            try {
                appended = why == null ? topics.broker().append(name, draft) : CompletableFuture.failedStage(why);
            } catch (RuntimeException e) {
                appended = CompletableFuture.failedStage(e);
            }
            appended.whenComplete((position, failure) -> {
                if (failure == null) {
                    answer.complete(position);
                } else {
                    answer.completeExceptionally(failure);
                }
            });
        });
        return answer;
    }

    @Override
    public void began(Position position) {
        lock.lock();
        try {
            Ring before = ring;
            if (retired || before != null && before.epoch() == position.epoch() && before.tail() == position.offset()) {
                return;
            }
            if (before != null) {
                topics.account(-before.bytes());
            }
            ring = new Ring(position);
            historyHead = position.offset() + 1;
            historyBytes = 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void published(Publication publication) {
        lock.lock();
        try {
            if (retired) {
                return; // it was on its way when the log left
            }
            Ring into = ring();
            Position next = new Position(into.epoch(), into.tail() + 1);
            if (!publication.position().equals(next)) {
                throw new IllegalStateException(
                        "broker: published " + publication.position() + " (expected: " + next + ", or began before)");
            }
            long before = into.bytes();
            into.add(publication);
            historyBytes += publication.size();
            usedAt = topics.now();
            trim(into, usedAt);
            topics.account(into.bytes() - before);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void ready() {
        for (Group<?> group : groups) {
            group.wake();
        }
        topics.keepBounds();
    }

    // ---- what is kept

    /** There is one once the log is joined. */
    Ring ring() {
        Ring current = ring;
        if (current == null) {
            throw new IllegalStateException(name + ": not joined");
        }
        return current;
    }

    boolean isJoined() {
        return open;
    }

    /** Lets go of what is neither history nor backlog. Under the lock. */
    private void trim(Ring kept, long now) {
        long tooOld = now - history.age().toMillis();
        long tail = kept.tail();
        while (historyHead <= tail) {
            Publication oldest = kept.at(historyHead);
            if (tail + 1 - historyHead <= history.count()
                    && historyBytes <= history.bytes()
                    && oldest.millis() > tooOld) {
                break;
            }
            historyBytes -= oldest.size();
            historyHead++;
        }
        while (kept.head() < historyHead && !isBacklog(kept)) {
            kept.removeOldest();
        }
    }

    private boolean isBacklog(Ring kept) {
        return subscriptions > 0
                && kept.count() <= topics.backlogCount()
                && (kept.bytes() <= topics.backlogBytes() || kept.count() == 1);
    }

    private void trimAndAccount(Ring kept) {
        long before = kept.bytes();
        trim(kept, topics.now());
        topics.account(kept.bytes() - before);
    }

    /** Lets go of the oldest, as the budget of all topics is used up. */
    void give(long bytes) {
        lock.lock();
        try {
            Ring kept = ring;
            if (kept != null && !retired) {
                long before = kept.bytes();
                while (kept.count() > 0 && before - kept.bytes() < bytes) {
                    if (kept.head() == historyHead) {
                        historyBytes -= kept.oldest().size();
                        historyHead++;
                    }
                    kept.removeOldest();
                }
                topics.account(kept.bytes() - before);
            }
        } finally {
            lock.unlock();
        }
    }

    long bytes() {
        lock.lock();
        try {
            return ring == null || retired ? 0 : ring.bytes();
        } finally {
            lock.unlock();
        }
    }

    /** Lets go of what is too old; if nothing is left and nobody has used the topic for a while, the log is no more. */
    void retireIfUnused(long unusedSince) {
        lock.lock();
        try {
            Ring kept = ring;
            if (kept == null || retired) {
                return;
            }
            trimAndAccount(kept);
            if (!open
                    || subscriptions > 0
                    || kept.count() > 0
                    || !presenceListeners.isEmpty()
                    || usedAt > unusedSince) {
                return;
            }
            retired = true;
            if (holders.get() > 0) { // looked at last: see hold()
                retired = false;
                return;
            }
        } finally {
            lock.unlock();
        }
        retire();
    }

    private void retire() {
        topics.forget(this);
        leave(link);
    }

    private void leave(Broker.@Nullable Link left) {
        if (left != null) {
            try {
                left.close();
            } catch (RuntimeException e) {
                topics.failed(e);
            }
        }
    }

    /** The topics are closed: all subscriptions end. */
    void close() {
        lock.lock();
        try {
            if (retired) {
                return;
            }
            retired = true;
            open = false;
            refusal = topics.closedException();
            keepNothing();
        } finally {
            lock.unlock();
        }
        groups.forEach(Group::close);
        retire();
        goOn();
    }

    /** As handles of topics and subscriptions may hold the log. Under the lock. */
    private void keepNothing() {
        Ring kept = ring;
        if (kept != null) {
            topics.account(-kept.bytes());
            ring = new Ring(kept.position());
        }
    }

    /**
     * Keeps the log from retiring until it is released.
     *
     * @return {@code false} if it has retired: there may be another
     */
    boolean hold() {
        holders.incrementAndGet(); // written before the other is read, as retireIfUnused does it the other way round
        if (retired) {
            release();
            return false;
        }
        return true;
    }

    void release() {
        usedAt = topics.now();
        holders.decrementAndGet();
    }

    // ---- subscriptions

    int subscriptions() {
        return subscriptions;
    }

    /** Where a subscription that begins now stands. */
    Mark start(From from) {
        lock.lock();
        try {
            Ring current = ring();
            if (!retired) {
                trimAndAccount(current); // what has become too old meanwhile is no history
            }
            return Mark.of(name, current, from.in(current, historyHead), historyHead, topics.maxAhead());
        } finally {
            lock.unlock();
        }
    }

    /** A subscription has begun. */
    void entered(@Nullable String who) {
        changed(Presence.Change.JOINED, who, 1);
    }

    /** A subscription has ended. */
    void left(@Nullable String who) {
        changed(Presence.Change.LEFT, who, -1);
    }

    private void changed(Presence.Change change, @Nullable String who, int by) {
        List<Runnable> tellings = new ArrayList<>();
        lock.lock();
        try {
            int count = subscriptions + by;
            subscriptions = count;
            usedAt = topics.now();
            Ring kept = ring;
            if (count == 0 && kept != null && !retired) {
                trimAndAccount(kept); // what was only backlog is nobody's now
            }
            if (!presenceListeners.isEmpty()) {
                Presence presence = new Presence(change, who, count);
                for (PresenceListener told : presenceListeners) {
                    // Queued under the lock, so that all hear it in this order; run outside of it.
                    tellings.add(told.dispatcher().enqueue(() -> tell(told, presence)));
                }
            }
        } finally {
            lock.unlock();
        }
        tellings.forEach(Runnable::run);
    }

    private void tell(PresenceListener told, Presence presence) {
        if (told.dispatcher().isShutDown()) {
            presenceListeners.remove(told);
        } else {
            told.listener().accept(presence);
        }
    }

    Presence.Watch onPresence(Executor executor, Consumer<Presence> listener) {
        PresenceListener added = new PresenceListener(new Dispatcher(executor), listener);
        presenceListeners.add(added);
        return () -> presenceListeners.remove(added);
    }

    /** The group of all that share something, made if there is none. */
    @SuppressWarnings("unchecked") // the key has the encoding, and so the type
    <B> Group<B> group(Object key, Supplier<Group<B>> made) {
        lock.lock();
        try {
            Group<B> group = (Group<B>) shared.computeIfAbsent(key, it -> made.get());
            group.enter();
            return group;
        } finally {
            lock.unlock();
        }
    }

    /** One of its members has left. */
    boolean leave(Object key, Group<?> group) {
        lock.lock();
        try {
            if (group.leave()) {
                shared.remove(key, group);
                return true;
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    void add(Group<?> group) {
        groups.add(group);
    }

    void remove(Group<?> group) {
        groups.remove(group);
    }
}
