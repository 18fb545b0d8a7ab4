package dev.parley.topic;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The broker of one program. It gives out positions and passes publications on. What nodes keep is the history; for
 * those that join later it may keep some more.
 */
final class InMemoryBroker implements Broker {
    /** Enough that two logs never get the same by chance, and short: seven characters. */
    private static final int EPOCH_BITS = 36;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final InstantSource clock;
    private final int history;
    private final Map<String, Log> logs = new ConcurrentHashMap<>();

    /**
     * A broker.
     *
     * @param history how many publications are kept for nodes that join later; 0 where there is one node
     */
    InMemoryBroker(InstantSource clock, int history) {
        this.clock = clock;
        this.history = history;
    }

    /** One topic. The lock keeps the order; what is called under it is quick. */
    private final class Log {
        private final ReentrantLock lock = new ReentrantLock();
        private final long epoch = RANDOM.nextLong() >>> Long.SIZE - EPOCH_BITS;
        private final CopyOnWriteArrayList<Listener> listeners = new CopyOnWriteArrayList<>();
        private final Deque<Publication> kept = new ArrayDeque<>();
        private long tail;
        private boolean forgotten;

        /** @return whether this is still the topic's log */
        boolean join(int wanted, Listener listener) {
            lock.lock();
            try {
                if (forgotten) {
                    return false;
                }
                int skipped = Math.max(0, kept.size() - wanted);
                listener.began(new Position(epoch, tail - kept.size() + skipped));
                kept.stream().skip(skipped).forEach(listener::published);
                listeners.add(listener);
                return true;
            } finally {
                lock.unlock();
            }
        }

        /** @return {@code null} if this is no longer the topic's log */
        @Nullable
        Position append(String topic, Draft draft) {
            Position position;
            lock.lock();
            try {
                if (forgotten) {
                    return null;
                }
                position = new Position(epoch, ++tail);
                Publication publication = Publication.of(position, clock.instant(), draft);
                if (history > 0) {
                    kept.add(publication);
                    if (kept.size() > history) {
                        kept.remove();
                    }
                }
                for (Listener listener : listeners) {
                    listener.published(publication);
                }
                forgetIfAlone(topic);
            } finally {
                lock.unlock();
            }
            for (Listener listener : listeners) {
                listener.ready();
            }
            return position;
        }

        void leave(String topic, Listener listener) {
            lock.lock();
            try {
                listeners.remove(listener);
                forgetIfAlone(topic);
            } finally {
                lock.unlock();
            }
        }

        /** Once nobody listens nobody needs to know of the epoch. */
        private void forgetIfAlone(String topic) {
            if (listeners.isEmpty()) {
                forgotten = true;
                logs.remove(topic, this);
            }
        }
    }

    @Override
    public CompletionStage<Link> join(String topic, int wanted, Listener listener) {
        while (true) {
            Log log = logs.computeIfAbsent(topic, it -> new Log());
            if (log.join(wanted, listener)) {
                listener.ready();
                return CompletableFuture.completedFuture(() -> log.leave(topic, listener));
            }
        }
    }

    @Override
    public CompletionStage<Position> append(String topic, Draft draft) {
        while (true) {
            Position position = logs.computeIfAbsent(topic, it -> new Log()).append(topic, draft);
            if (position != null) {
                return CompletableFuture.completedFuture(position);
            }
        }
    }

    @Override
    public void close() {
        // Nothing is kept but for nodes, which leave each by itself: others may still use it.
    }
}
