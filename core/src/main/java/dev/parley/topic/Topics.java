package dev.parley.topic;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The topics of a node.
 *
 * <pre>{@code
 * Topics topics = Topics.inMemory();
 * Topic news = topics.topic("news");
 * news.publish("breaking");
 * }</pre>
 *
 * <p><b>Limits.</b> Each has a default and a setter of {@link Builder}, which says what happens there.
 *
 * <p><b>Threading.</b> Thread-safe. It has no thread: what is too old is let go of when topics are next used.
 */
public final class Topics implements AutoCloseable {
    /** How many topics are looked at, at most, when one is used. */
    private static final int SWEPT_AT_ONCE = 64;
    /** Milliseconds from one such look to the next. */
    private static final long SWEEP_EVERY = 10;
    /** Milliseconds from one look at all topics, for room, to the next. */
    private static final long SEEK_ROOM_EVERY = 1000;
    /** Much more than that no other node is ahead. */
    private static final int MAX_AHEAD = 10_000;
    /** What a topic takes of the heap, about, with a long name and a small publication. */
    private static final long TOPIC_BYTES = 2048;

    private static final System.Logger LOGGER = System.getLogger(Topics.class.getName());

    private final Builder settings;
    private final Broker broker;
    final Map<String, Log> logs = new ConcurrentHashMap<>();
    private final AtomicInteger subscriptions = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong soughtRoomAt = new AtomicLong(Long.MIN_VALUE / 2);
    private final AtomicBoolean keepingBounds = new AtomicBoolean();
    final Map<Executor, Shared> dispatchers = new ConcurrentHashMap<>();
    private volatile long sweptAt;
    private Iterator<Log> toSweep = Collections.emptyIterator();
    private volatile boolean closed;

    /** The dispatcher of an executor, and how many subscriptions use it. */
    record Shared(Dispatcher dispatcher, int users) {}

    private Topics(Builder settings, Broker broker) {
        this.settings = settings;
        this.broker = broker;
    }

    /**
     * Topics of one program, with all defaults.
     *
     * @return new topics
     */
    public static Topics inMemory() {
        return builder().build();
    }

    /**
     * Topics that a broker joins with those of other nodes, with all defaults.
     *
     * @param broker the broker, which {@link #close} closes
     * @return new topics
     */
    public static Topics on(Broker broker) {
        return builder().broker(broker).build();
    }

    /**
     * Begins topics with settings.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * A topic. It need not exist: it begins when somebody publishes or subscribes, and it is forgotten when it has no
     * subscription, nothing that is kept, and nobody has used it for {@link Builder#idle a while}.
     *
     * @param name 1 to 256 characters, none of them a control character
     * @return a handle, which may be kept
     * @throws TopicException if that is no name
     */
    public Topic topic(String name) {
        if (name.isEmpty()
                || name.length() > settings.maxNameChars
                || name.chars().anyMatch(Character::isISOControl)) {
            throw new TopicException(
                    TopicException.Reason.NAME,
                    "topic: \"" + Names.printable(name) + "\" (expected: 1 to " + settings.maxNameChars
                            + " characters, no control characters)");
        }
        return new Topic(name, this);
    }

    /**
     * How many topics there are: those that are subscribed to, that keep something, or were used a short while ago.
     *
     * @return 0 or more
     */
    public int count() {
        keepBounds();
        return logs.size();
    }

    /**
     * What all topics keep, about: payloads, names, and some 100 bytes for each publication.
     *
     * @return a number of bytes
     */
    public long bytes() {
        return bytes.get();
    }

    /**
     * How many subscriptions there are on this node.
     *
     * @return 0 or more
     */
    public int subscriptions() {
        return subscriptions.get();
    }

    /** Ends all subscriptions, leaves the broker, and keeps nothing. Publishing and subscribing throw from now on. */
    @Override
    public void close() {
        closed = true;
        List.copyOf(logs.values()).forEach(Log::close);
        broker.close();
    }

    // ---- for topics and subscriptions

    boolean isClosed() {
        return closed;
    }

    Broker broker() {
        return broker;
    }

    long now() {
        return settings.clock.millis();
    }

    /** How far ahead of this node a position may be: another node may have told it already. One node knows all. */
    long maxAhead() {
        return settings.broker == null ? 0 : MAX_AHEAD;
    }

    int backlogCount() {
        return settings.backlogCount;
    }

    long backlogBytes() {
        return settings.backlogBytes;
    }

    /** The log of a topic, held; one begins if there is none. */
    Log hold(String name) {
        while (true) {
            checkOpen();
            Log log = logs.get(name);
            if (log == null) {
                return make(name);
            }
            if (log.hold()) {
                return log;
            }
            Thread.onSpinWait(); // it has retired, and is forgotten in a moment
        }
    }

    private Log make(String name) {
        keepBounds();
        if (logs.size() >= settings.maxTopics && !forgetUnused()) {
            throw new TopicException(
                    TopicException.Reason.FULL,
                    "maxTopics: " + settings.maxTopics + " are in use (expected: fewer topics, or a higher limit)");
        }
        Log made = new Log(name, this, settings.history(name));
        made.hold(); // before others see it, and even if it can't be joined: then that is told
        if (logs.putIfAbsent(name, made) != null) {
            return hold(name);
        }
        made.join(broker);
        if (closed) {
            made.close();
        }
        return made;
    }

    /**
     * Forgets what could be forgotten soon, to make room. All topics are looked at, so this is done once in a while,
     * however many ask for another topic.
     */
    private boolean forgetUnused() {
        long now = now();
        long before = soughtRoomAt.get();
        if (now - before >= SEEK_ROOM_EVERY && soughtRoomAt.compareAndSet(before, now)) {
            logs.values().forEach(log -> log.retireIfUnused(now - 1));
        }
        return logs.size() < settings.maxTopics;
    }

    void forget(Log log) {
        logs.remove(log.name(), log);
    }

    int subscriptions(String name) {
        Log log = logs.get(name);
        return log == null ? 0 : log.subscriptions();
    }

    void check(Draft draft) {
        if (draft.payload().length > settings.maxPublicationBytes) {
            throw new IllegalArgumentException("payload: " + draft.payload().length + " bytes (expected: at most "
                    + settings.maxPublicationBytes + ", maxPublicationBytes)");
        }
        check("event", draft.event());
        check("key", draft.key());
        if (draft.tags().size() > settings.maxTags) {
            throw new IllegalArgumentException(
                    "tags: " + draft.tags().size() + " (expected: at most " + settings.maxTags + ", maxTags)");
        }
        for (String tag : draft.tags()) {
            check("tag", tag);
        }
    }

    private void check(String what, @Nullable String text) {
        if (text != null && text.length() > settings.maxNameChars) {
            throw new IllegalArgumentException(what + ": " + text.length() + " characters (expected: at most "
                    + settings.maxNameChars + ", maxNameChars)");
        }
    }

    private void checkOpen() {
        if (closed) {
            throw closedException();
        }
    }

    TopicException closedException() {
        return new TopicException(TopicException.Reason.CLOSED, "the topics were closed");
    }

    /** A subscription begins. */
    void enter() {
        checkOpen();
        if (subscriptions.incrementAndGet() > settings.maxSubscriptions) {
            subscriptions.decrementAndGet();
            throw new TopicException(
                    TopicException.Reason.FULL,
                    "maxSubscriptions: there are " + settings.maxSubscriptions
                            + " (expected: fewer, or a higher limit)");
        }
    }

    /** A subscription has ended. */
    void leave(Dispatcher dispatcher) {
        subscriptions.decrementAndGet();
        dispatchers.computeIfPresent(
                dispatcher.executor(),
                (executor, shared) -> shared.dispatcher != dispatcher
                        ? shared
                        : shared.users == 1 ? null : new Shared(dispatcher, shared.users - 1));
    }

    /** The one dispatcher of an executor, for one more subscription. */
    Dispatcher dispatcher(Executor executor) {
        return dispatchers.compute(
                        executor,
                        (it, shared) -> shared == null
                                ? new Shared(new Dispatcher(it), 1)
                                : new Shared(shared.dispatcher, shared.users + 1))
                .dispatcher;
    }

    /** Runs a task at once, or when more may have come to be done with it. */
    void afterLinger(Dispatcher dispatcher, Runnable task) {
        if (settings.linger.isZero()) {
            dispatcher.execute(task);
        } else if (dispatcher.executor() instanceof ScheduledExecutorService scheduler) {
            try {
                scheduler.schedule(() -> dispatcher.execute(task), settings.linger.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                dispatcher.execute(task); // it was shut down, and says so there
            }
        } else {
            // Not on the thread of all delays: an executor may run it where it is.
            CompletableFuture.delayedExecutor(settings.linger.toNanos(), TimeUnit.NANOSECONDS)
                    .execute(() -> dispatcher.execute(task));
        }
    }

    /** The end of a subscription that has nobody to tell. */
    void ended(Subscription.End end, @Nullable Throwable failure) {
        if (failure != null) {
            failed(failure);
        }
    }

    void failed(Throwable failure) {
        LOGGER.log(System.Logger.Level.ERROR, "a listener of a topic failed", failure);
    }

    // ---- memory

    void account(long more) {
        bytes.addAndGet(more);
    }

    /** Lets go of what is over the budget, and looks for what is too old; in the thread of one of those who use topics. */
    void keepBounds() {
        boolean overBudget = bytes.get() > settings.maxBytes;
        long now = now();
        if (!overBudget && now - sweptAt < SWEEP_EVERY || !keepingBounds.compareAndSet(false, true)) {
            return;
        }
        try {
            while (bytes.get() > settings.maxBytes && giveBack()) {
                // others may have published meanwhile
            }
            sweptAt = now;
            if (!toSweep.hasNext()) {
                toSweep = logs.values().iterator();
            }
            for (int i = 0; i < SWEPT_AT_ONCE && toSweep.hasNext(); i++) {
                toSweep.next().retireIfUnused(now - settings.idle.toMillis());
            }
        } finally {
            keepingBounds.set(false);
        }
    }

    /** Gets below the budget: all that keep more than the others give, down to the same. Whether that was anything. */
    private boolean giveBack() {
        // A part more than needed, so that this is done once in a while and not for each publication.
        long target = settings.maxBytes - settings.maxBytes / 16;
        record Kept(Log log, long bytes) {}
        List<Kept> biggestFirst = logs.values().stream()
                .map(log -> new Kept(log, log.bytes()))
                .sorted(Comparator.comparingLong(Kept::bytes).reversed())
                .toList();
        long over = bytes.get() - target;
        long before = bytes.get();
        long sum = 0;
        for (int count = 1; count <= biggestFirst.size(); count++) {
            sum += biggestFirst.get(count - 1).bytes();
            long next = count < biggestFirst.size() ? biggestFirst.get(count).bytes() : 0;
            if (sum - next * count >= over || next == 0) {
                long level = Math.max(0, (sum - over) / count);
                for (Kept kept : biggestFirst) {
                    if (bytes.get() <= target || kept.bytes <= level) {
                        break; // each has given a whole publication, where a part was asked for
                    }
                    kept.log.give(kept.bytes - level);
                }
                break;
            }
        }
        return bytes.get() < before;
    }

    /** Sets topics up. Not thread-safe. */
    public static final class Builder {
        private static final Duration MAX_LINGER = Duration.ofSeconds(1);
        private static final Duration MIN_IDLE = Duration.ofSeconds(1);
        private static final Duration MAX_IDLE = Duration.ofDays(365);

        private @Nullable Broker broker;
        private InstantSource clock = InstantSource.system();
        private History history = History.DEFAULT;
        private final List<Rule> rules = new ArrayList<>();
        private int backlogCount = 4096;
        private long backlogBytes = 1024 * 1024;
        private long maxBytes = Math.max(16 * 1024 * 1024, Runtime.getRuntime().maxMemory() / 8);
        private int maxTopics =
                (int) Math.min(100_000, Math.max(1000, Runtime.getRuntime().maxMemory() / 16 / TOPIC_BYTES));
        private int maxSubscriptions = 1_000_000;
        private int maxPublicationBytes = 1024 * 1024;
        private int maxNameChars = 256;
        private int maxTags = 16;
        private Duration linger = Duration.ZERO;
        private Duration idle = Duration.ofMinutes(1);

        /** Which topics keep how much. */
        private record Rule(Predicate<String> names, History history) {}

        private Builder() {}

        private Builder(Builder from) {
            broker = from.broker;
            clock = from.clock;
            history = from.history;
            rules.addAll(from.rules);
            backlogCount = from.backlogCount;
            backlogBytes = from.backlogBytes;
            maxBytes = from.maxBytes;
            maxTopics = from.maxTopics;
            maxSubscriptions = from.maxSubscriptions;
            maxPublicationBytes = from.maxPublicationBytes;
            maxNameChars = from.maxNameChars;
            maxTags = from.maxTags;
            linger = from.linger;
            idle = from.idle;
        }

        private History history(String name) {
            for (Rule rule : rules) {
                if (rule.names.test(name)) {
                    return rule.history;
                }
            }
            return history;
        }

        /**
         * Sets what joins these topics with those of other nodes: nothing, unless this is set.
         *
         * @param broker the broker, which {@link Topics#close} closes
         * @return this builder
         */
        public Builder broker(Broker broker) {
            this.broker = broker;
            return this;
        }

        /**
         * Sets the clock that tells the time of publications and their age.
         *
         * @param clock the system's, unless this is set
         * @return this builder
         */
        public Builder clock(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        /**
         * Sets what topics keep: {@link History#DEFAULT}, unless this is set. Who resumes from before that hears of a gap.
         *
         * @param history the limits
         * @return this builder
         */
        public Builder history(History history) {
            this.history = history;
            return this;
        }

        /**
         * Sets what some topics keep; of several rules the first that has the name holds.
         *
         * @param names which topics
         * @param history the limits
         * @return this builder
         */
        public Builder history(Predicate<String> names, History history) {
            rules.add(new Rule(names, history));
            return this;
        }

        /**
         * Sets how much a topic keeps, while somebody subscribes, for those who have not been given it yet: 4,096
         * publications and 1 MiB, unless this is set. A subscription that falls further behind than this, and than the
         * history, is overtaken: its {@link OverflowPolicy} says what then.
         *
         * @param count publications, 1 to 2^20
         * @param bytes what they take in memory, 1 or more; one publication is always kept
         * @return this builder
         */
        public Builder backlog(int count, long bytes) {
            backlogCount = (int) inRange("backlog count", count, 1, 1 << 20);
            backlogBytes = inRange("backlog bytes", bytes, 1, Long.MAX_VALUE);
            return this;
        }

        /**
         * Sets what all topics together keep: an eighth of the heap, at least 16 MiB, unless this is set. Beyond it the
         * topic that keeps most lets go of its oldest.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxBytes(long bytes) {
            maxBytes = inRange("maxBytes", bytes, 1, Long.MAX_VALUE);
            return this;
        }

        /**
         * Sets how many topics there may be: 100,000, or as many as a sixteenth of the heap has room for at 2 KiB each, and
         * at least 1,000, unless this is set. Then publishing to another, or subscribing,
         * throws {@link TopicException}.
         *
         * @param topics 1 or more
         * @return this builder
         */
        public Builder maxTopics(int topics) {
            maxTopics = (int) inRange("maxTopics", topics, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets how many subscriptions there may be: 1,000,000, unless this is set. Then subscribing throws
         * {@link TopicException}.
         *
         * @param subscriptions 1 or more
         * @return this builder
         */
        public Builder maxSubscriptions(int subscriptions) {
            maxSubscriptions = (int) inRange("maxSubscriptions", subscriptions, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets how big a payload may be: 1 MiB, unless this is set. Publishing more throws
         * {@link IllegalArgumentException}.
         *
         * @param bytes 1 or more
         * @return this builder
         */
        public Builder maxPublicationBytes(int bytes) {
            maxPublicationBytes = (int) inRange("maxPublicationBytes", bytes, 1, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets how long the name of a topic or an event, a key or a tag may be: 256 characters, unless this is set. Longer
         * names of topics throw {@link TopicException}, the others {@link IllegalArgumentException}.
         *
         * @param chars 1 to 4096
         * @return this builder
         */
        public Builder maxNameChars(int chars) {
            maxNameChars = (int) inRange("maxNameChars", chars, 1, 4096);
            return this;
        }

        /**
         * Sets how many tags a publication may have: 16, unless this is set. Publishing one with more throws
         * {@link IllegalArgumentException}.
         *
         * @param tags 0 or more
         * @return this builder
         */
        public Builder maxTags(int tags) {
            maxTags = (int) inRange("maxTags", tags, 0, Integer.MAX_VALUE);
            return this;
        }

        /**
         * Sets how long a publication may wait for others, so that they are written together: not at all, unless this is
         * set. Under load publications are written together anyway.
         *
         * @param linger 0 to 1 s
         * @return this builder
         */
        public Builder linger(Duration linger) {
            if (linger.isNegative() || linger.compareTo(MAX_LINGER) > 0) {
                throw new IllegalArgumentException("linger: " + linger + " (expected: 0 to " + MAX_LINGER + ")");
            }
            this.linger = linger;
            return this;
        }

        /**
         * Sets how long a topic without subscriptions and history is remembered, so that who comes back hears of no gap:
         * 1 minute, unless this is set.
         *
         * @param idle 1 s to 365 days
         * @return this builder
         */
        public Builder idle(Duration idle) {
            if (idle.compareTo(MIN_IDLE) < 0 || idle.compareTo(MAX_IDLE) > 0) {
                throw new IllegalArgumentException(
                        "idle: " + idle + " (expected: " + MIN_IDLE + " to " + MAX_IDLE + ")");
            }
            this.idle = idle;
            return this;
        }

        private static long inRange(String what, long value, long least, long most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(what + ": " + value + " (expected: " + least + " to " + most + ")");
            }
            return value;
        }

        /**
         * The topics.
         *
         * @return new topics
         */
        public Topics build() {
            // One node keeps what its broker would: nobody joins later.
            return new Topics(new Builder(this), broker == null ? new InMemoryBroker(clock, 0) : broker);
        }
    }
}
