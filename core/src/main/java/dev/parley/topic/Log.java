package dev.parley.topic;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
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
    private final CompletableFuture<Broker.Link> joined = new CompletableFuture<>();

    private volatile @Nullable Ring ring;
    /** The groups to wake; those that can be found by what they share are in {@link #shared} as well. */
    private final Set<Group<?>> groups = ConcurrentHashMap.newKeySet();

    private final Map<Object, Group<?>> shared = new HashMap<>();
    private final CopyOnWriteArrayList<PresenceListener> presenceListeners = new CopyOnWriteArrayList<>();
    private volatile int subscriptions;
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
        broker.join(name, history.count(), this).whenComplete((link, failure) -> {
            if (failure == null) {
                joined.complete(link);
            } else {
                topics.forget(this);
                joined.completeExceptionally(failure);
            }
        });
    }

    /** Completes when there is a ring. */
    CompletionStage<Broker.Link> joined() {
        return joined;
    }

    boolean isJoined() {
        return joined.isDone() && !joined.isCompletedExceptionally();
    }

    @Override
    public void began(Position position) {
        lock.lock();
        try {
            Ring before = ring;
            if (before == null || before.epoch() != position.epoch() || before.tail() != position.offset()) {
                if (before != null) {
                    topics.account(-before.bytes());
                }
                ring = new Ring(position);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void published(Publication publication) {
        lock.lock();
        try {
            Ring into = ring();
            long before = into.bytes();
            into.add(publication);
            usedAt = topics.now();
            trim(into);
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

    /** Lets go of what is beyond the limits. Under the lock. */
    private void trim(Ring trimmed) {
        boolean inUse = subscriptions > 0;
        int maxCount = inUse ? Math.max(history.count(), topics.backlogCount()) : history.count();
        long maxBytes = inUse ? Math.max(history.bytes(), topics.backlogBytes()) : history.bytes();
        while (trimmed.count() > maxCount || trimmed.bytes() > maxBytes && trimmed.count() > (inUse ? 1 : 0)) {
            trimmed.removeOldest();
        }
        long tooOld = topics.now() - history.age().toMillis();
        int backlog = inUse ? topics.backlogCount() : 0;
        while (trimmed.count() > backlog && trimmed.oldest().millis() <= tooOld) {
            trimmed.removeOldest();
        }
    }

    /** Offset of the oldest publication that is history; one more than the tail where none is. Under the lock. */
    private long oldestOfHistory(Ring kept) {
        long tooOld = topics.now() - history.age().toMillis();
        long bytes = 0;
        long oldest = kept.tail() + 1;
        while (oldest > kept.head() && kept.tail() + 1 - oldest < history.count()) {
            Publication next = kept.get(oldest - 1);
            if (next == null || next.millis() <= tooOld || (bytes += next.size()) > history.bytes()) {
                break;
            }
            oldest--;
        }
        return oldest;
    }

    /** Lets go of the oldest, as the budget of all topics is used up. */
    void give(long bytes) {
        lock.lock();
        try {
            Ring kept = ring;
            if (kept != null) {
                long before = kept.bytes();
                while (kept.count() > 0 && before - kept.bytes() < bytes) {
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
            return ring == null ? 0 : ring.bytes();
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
            long before = kept.bytes();
            trim(kept);
            topics.account(kept.bytes() - before);
            if (subscriptions > 0 || kept.count() > 0 || !presenceListeners.isEmpty()) {
                return;
            }
            retired = true;
            if (usedAt > unusedSince) { // looked at last: see use()
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
        joined.thenAccept(link -> {
            try {
                link.close();
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        });
    }

    /** The topics are closed: all subscriptions end. */
    void close() {
        lock.lock();
        try {
            retired = true;
            if (ring != null) {
                topics.account(-ring.bytes());
            }
        } finally {
            lock.unlock();
        }
        groups.forEach(Group::close);
        retire();
    }

    /** Keeps the log from retiring while something is done with it. */
    boolean use() {
        usedAt = topics.now(); // written before the other is read, as retireIfUnused does it the other way round
        return !retired;
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
            long oldest = oldestOfHistory(current);
            return Mark.of(name, current, from.in(current, oldest), oldest);
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
            if (!presenceListeners.isEmpty()) {
                Presence presence = new Presence(change, who, count);
                for (PresenceListener told : presenceListeners) {
                    // Queued under the lock, so that all hear it in this order; run outside of it.
                    tellings.add(told.dispatcher().enqueue(() -> told.listener().accept(presence)));
                }
            }
        } finally {
            lock.unlock();
        }
        tellings.forEach(Runnable::run);
    }

    AutoCloseable onPresence(Executor executor, Consumer<Presence> listener) {
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
