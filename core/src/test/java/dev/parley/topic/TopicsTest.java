package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits, memory, presence, linger: what a registry of topics promises. */
final class TopicsTest {
    private final ManualClock clock = new ManualClock();
    private final List<Topics> made = new ArrayList<>();
    private final RecordingOutlet outlet = new RecordingOutlet();

    private Topics build(Topics.Builder builder) {
        Topics topics = builder.clock(clock).build();
        made.add(topics);
        return topics;
    }

    @AfterEach
    void allIsInOrder() {
        for (Topics topics : made) {
            Invariants.check(topics);
            topics.close();
            Invariants.checkClosed(topics);
            topics.close(); // does nothing
        }
    }

    private static Position publish(Topic topic, String text) {
        return topic.publish(text).toCompletableFuture().join();
    }

    // ---- limits

    @ParameterizedTest
    @ValueSource(strings = {"", "a\nb", "\u0000", "a\u0085"})
    void aNameHasNoControlCharacters(String name) {
        Topics topics = build(Topics.builder());

        assertThatThrownBy(() -> topics.topic(name))
                .isInstanceOf(TopicException.class)
                .hasMessageEndingWith("(expected: 1 to 256 characters, no control characters)");
    }

    @Test
    void eachLimitOfADraftIsToldByName() {
        Topic topic = build(
                        Topics.builder().maxPublicationBytes(3).maxNameChars(4).maxTags(1))
                .topic("four");

        assertThatThrownBy(() -> topic.publish("1234"))
                .hasMessage("payload: 4 bytes (expected: at most 3, maxPublicationBytes)");
        assertThatThrownBy(() -> topic.publish(Draft.of("1").event("12345")))
                .hasMessage("event: 5 characters (expected: at most 4, maxNameChars)");
        assertThatThrownBy(() -> topic.publish(Draft.of("1").key("12345")))
                .hasMessage("key: 5 characters (expected: at most 4, maxNameChars)");
        assertThatThrownBy(() -> topic.publish(Draft.of("1").tags("12345")))
                .hasMessage("tag: 5 characters (expected: at most 4, maxNameChars)");
        assertThatThrownBy(() -> topic.publish(Draft.of("1").tags("a", "b")))
                .hasMessage("tags: 2 (expected: at most 1, maxTags)");
        assertThatThrownBy(() -> topic.topics().topic("12345")).hasMessageStartingWith("topic: \"12345\"");
        assertThat(publish(topic, "123").offset()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "parley:x", "a\rb", "a\nb", "a\u0000b"})
    void anEventNameBreaksNoLine(String event) {
        assertThatThrownBy(() -> Draft.of("a").event(event))
                .hasMessageEndingWith("(expected: not empty, without CR, LF and NUL, and not beginning with parley:)");
    }

    @Test
    void settingsThatMakeNoSenseAreRefusedByName() {
        Topics.Builder builder = Topics.builder();
        Duration endless = Duration.ofSeconds(Long.MAX_VALUE);

        assertThatThrownBy(() -> builder.backlog(0, 1)).hasMessage("backlog count: 0 (expected: 1 to 1048576)");
        assertThatThrownBy(() -> builder.maxTopics(0)).hasMessageStartingWith("maxTopics: 0 (expected: 1 to ");
        assertThatThrownBy(() -> builder.maxBytes(0)).hasMessageStartingWith("maxBytes: 0 (expected: 1 to ");
        assertThatThrownBy(() -> builder.linger(endless)).hasMessageEndingWith(" (expected: 0 to PT1S)");
        assertThatThrownBy(() -> builder.linger(Duration.ofMillis(-1))).hasMessageEndingWith(" (expected: 0 to PT1S)");
        assertThatThrownBy(() -> builder.idle(endless)).hasMessageEndingWith(" (expected: PT1S to PT8760H)");
        assertThatThrownBy(() -> new History(1, 1, endless)).hasMessageEndingWith(" (expected: 0 to PT876600H)");
        assertThatThrownBy(() -> new History(-1, 1, Duration.ZERO)).hasMessage("count: -1 (expected: 0 to 16777216)");
        assertThatThrownBy(() -> new History(1, -1, Duration.ZERO)).hasMessage("bytes: -1 (expected: >= 0)");
        assertThatThrownBy(() -> From.last(-1)).hasMessage("count: -1 (expected: >= 0)");
        assertThatThrownBy(() -> From.since(List.of())).hasMessage("positions: none (expected: at least one)");
    }

    @Test
    void historyOfAHundredYearsIsKept() {
        Topic topic = build(Topics.builder().history(new History(9, 9999, Duration.ofDays(36_525))))
                .topic("news");
        publish(topic, "a");

        outlet.subscribe(topic, From.oldest());

        assertThat(outlet.heard).containsExactly("a");
    }

    @Test
    void moreTopicsThanMayBeAreRefusedUntilOneCanBeForgotten() {
        Topics topics = build(Topics.builder().maxTopics(2).history(History.NONE));
        publish(topics.topic("a"), "1");
        RecordingOutlet other = new RecordingOutlet();
        other.subscribe(topics.topic("b"), From.tail());

        assertThatThrownBy(() -> topics.topic("c").publish("1"))
                .hasMessage("maxTopics: 2 are in use (expected: fewer topics, or a higher limit)")
                .extracting(thrown -> ((TopicException) thrown).reason())
                .isEqualTo(TopicException.Reason.FULL);
        clock.pass(999); // all topics are looked at once a second, however many ask
        assertThatThrownBy(() -> topics.topic("c").publish("1")).isInstanceOf(TopicException.class);
        clock.pass(1);
        publish(topics.topic("c"), "1");

        assertThat(topics.logs).containsOnlyKeys("b", "c");
    }

    @Test
    void whereThereIsOneNodeAPositionAheadIsNoneOfThisTopic() {
        Topic topic = build(Topics.builder()).topic("news");
        Position first = publish(topic, "1");

        outlet.subscribe(topic, From.since(new Position(first.epoch(), 2)));

        assertThat(outlet.gaps).singleElement().matches(Gap::isReset);
        assertThat(outlet.heard).endsWith("1");
    }

    @Test
    void moreSubscriptionsThanMayBeAreRefused() {
        Topics topics = build(Topics.builder().maxSubscriptions(1));
        Subscription first = outlet.subscribe(topics.topic("a"), From.tail());

        assertThatThrownBy(() -> new RecordingOutlet().subscribe(topics.topic("b"), From.tail()))
                .hasMessage("maxSubscriptions: there are 1 (expected: fewer, or a higher limit)");
        first.close();
        new RecordingOutlet().subscribe(topics.topic("b"), From.tail());

        assertThat(topics.subscriptions()).isEqualTo(1);
    }

    // ---- memory

    @Test
    void whatIsOnlyBacklogIsNotReplayedAndGoesWithTheLastSubscription() {
        Topics topics = build(Topics.builder().history(History.last(2)).backlog(10, 1 << 20));
        Topic topic = topics.topic("news");
        Subscription subscription = outlet.subscribe(topic, From.tail());
        Position first = publish(topic, "1");
        for (int i = 2; i <= 5; i++) {
            publish(topic, "" + i);
        }
        RecordingOutlet later = new RecordingOutlet();
        Subscription second = later.subscribe(topic, From.since(first));
        assertThat(later.heard).containsExactly("gap 1..3", "4", "5");
        long inUse = topics.bytes();

        subscription.close();
        assertThat(topics.bytes()).isEqualTo(inUse);
        second.close();

        assertThat(topics.bytes()).isEqualTo(inUse * 2 / 5);
    }

    @Test
    void theBiggestTopicsGiveFirst() {
        Topics topics =
                build(Topics.builder().maxBytes(16_000).history(new History(1000, 1 << 20, Duration.ofDays(1))));
        Topic big = topics.topic("big");
        Topic small = topics.topic("small");
        publish(small, "s".repeat(904)); // 1,000 bytes
        for (int i = 0; i < 100; i++) {
            publish(big, "b".repeat(904));
            assertThat(topics.bytes()).isLessThanOrEqualTo(16_000);
        }

        outlet.subscribe(small, From.oldest());

        assertThat(outlet.heard).hasSize(1);
        assertThat(topics.bytes()).isGreaterThan(14_000);
    }

    @Test
    void manySmallTopicsShareTheBudgetInOneGo() {
        Topics topics = build(Topics.builder().maxBytes(2_000_000));
        for (int i = 0; i < 30_000; i++) {
            publish(topics.topic("t" + i), "12345678"); // more than 3,000,000 bytes, and none of them is big
            assertThat(topics.bytes()).isLessThanOrEqualTo(2_000_000);
        }
        assertThat(topics.bytes()).isGreaterThan(1_800_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whoIsOvertakenByTheBudgetWhileReadingIsToldAtOnce(int topicsRead) {
        Topics topics = build(Topics.builder().maxBytes(4_000));
        Topic news = topics.topic("news");
        Topic other = topics.topic("other");
        Filter takesTheBudget = publication -> {
            if (publication.offset() == 1) {
                for (int i = 0; i < 40; i++) {
                    publish(other, "o".repeat(104));
                }
            }
            return true;
        };
        ManualExecutor executor = new ManualExecutor();
        Subscription.to(List.of(news, topics.topic("quiet")).subList(0, topicsRead))
                .filter(takesTheBudget)
                .overflow(OverflowPolicy.LATEST_PER_KEY)
                .feed(executor, RecordingOutlet.ENCODING, outlet);
        executor.runAll();
        for (int i = 0; i < 3; i++) {
            publish(news, "n".repeat(904)); // 1,000 bytes
        }

        executor.runAll();

        assertThat(outlet.gaps).hasSize(1);
        assertThat(outlet.begun().id()).startsWith(news(outlet.gaps.get(0), 3));
        outlet.begun().close();
        executor.runAll();
    }

    private static String news(Gap gap, long offset) {
        return new Position(gap.to().epoch(), offset).toString();
    }

    @Test
    void oneThatIsBiggerThanTheBudgetIsHeardAndNotKept() {
        Topics topics = build(Topics.builder().maxBytes(500));
        outlet.subscribe(topics.topic("news"), From.tail());

        publish(topics.topic("news"), "x".repeat(1000));
        publish(topics.topic("news"), "y");

        assertThat(outlet.heard).containsExactly("x".repeat(1000), "y");
        assertThat(topics.bytes()).isLessThan(500);
    }

    @Test
    void anUnusedTopicDisappearsAndItsHandleBeginsAnother() {
        Topics topics = build(Topics.builder().history(new History(10, 10_000, Duration.ofSeconds(5))));
        Topic topic = topics.topic("news");
        Position before = publish(topic, "a");
        clock.pass(Duration.ofSeconds(30));
        assertThat(topics.count()).isEqualTo(1);
        assertThat(topics.bytes()).isZero();
        clock.pass(Duration.ofMinutes(2));

        assertThat(topics.count()).isZero();
        Position after = publish(topic, "b");

        assertThat(after.epoch()).isNotEqualTo(before.epoch());
        assertThat(after.offset()).isEqualTo(1);
        outlet.subscribe(topic, From.since(before));
        assertThat(outlet.heard).containsExactly("reset 0", "b");
    }

    @Test
    void aSubscriptionKeepsItsTopic() {
        Topics topics = build(Topics.builder());
        outlet.subscribe(topics.topic("news"), From.tail());
        for (int i = 0; i < 5; i++) {
            clock.pass(Duration.ofHours(1));
            assertThat(topics.count()).isEqualTo(1);
        }

        publish(topics.topic("news"), "a");

        assertThat(outlet.heard).containsExactly("a");
    }

    @Test
    void whatIsTooOldIsAGapAlsoIfNothingWasPublishedSince() {
        Topic topic = build(Topics.builder().history(new History(10, 10_000, Duration.ofSeconds(5))))
                .topic("news");
        Position first = publish(topic, "a");
        publish(topic, "b");
        clock.pass(Duration.ofSeconds(5));

        outlet.subscribe(topic, From.since(first));

        assertThat(outlet.heard).containsExactly("gap 1..2");
    }

    @Test
    void aSubscriberThatStallsHoldsNoMoreThanTheBacklog() {
        Topics topics = build(Topics.builder());
        Topic topic = topics.topic("news");
        outlet.writable = false;
        Subscription stalled = outlet.subscribe(topic, From.tail());
        byte[] payload = new byte[100_000];
        for (int i = 0; i < 1000; i++) { // 100 MB
            topic.publish(Draft.ofBytes(payload));
            assertThat(topics.bytes()).isLessThanOrEqualTo(1024 * 1024);
        }
        assertThat(outlet.heard).isEmpty();

        stalled.resume(); // takes no more yet
        outlet.resume();

        assertThat(outlet.end).isEqualTo(Subscription.End.OVERRUN);
        assertThat(topics.bytes()).as("without subscribers only the history").isLessThanOrEqualTo(1024 * 1024);
        RecordingOutlet back = new RecordingOutlet();
        back.subscribe(topic, From.since(Position.parseAll(outlet.idAtEnd)));
        assertThat(back.gaps).hasSize(1);
        assertThat(back.gaps.get(0).count() + back.heard.size() - 1).isEqualTo(1000);
    }

    // ---- presence

    @Test
    void presenceIsToldInOrderWithTheCountAsItWas() throws Exception {
        Topics topics = build(Topics.builder());
        Topic topic = topics.topic("news");
        List<Presence> told = new ArrayList<>();
        try (AutoCloseable presence = topic.onPresence(RecordingOutlet.DIRECT, told::add)) {
            assertThat(presence).isNotNull();
            Subscription ann = outlet.subscribe(Subscription.to(topic).as("ann"));
            Subscription bob =
                    new RecordingOutlet().subscribe(Subscription.to(topic).as("bob"));
            assertThat(topic.subscriptions()).isEqualTo(2);
            ann.close();
            bob.close();
        }
        new RecordingOutlet().subscribe(topic, From.tail());

        assertThat(told)
                .containsExactly(
                        new Presence(Presence.Change.JOINED, "ann", 1),
                        new Presence(Presence.Change.JOINED, "bob", 2),
                        new Presence(Presence.Change.LEFT, "ann", 1),
                        new Presence(Presence.Change.LEFT, "bob", 0));
    }

    @Test
    void aPresenceListenerWhoseExecutorRefusesIsForgotten() {
        Topics topics = build(Topics.builder());
        Topic topic = topics.topic("news");
        ManualExecutor executor = new ManualExecutor();
        executor.refuse();
        AutoCloseable presence = topic.onPresence(executor, told -> {
            throw new AssertionError("told on a thread that is not its own");
        });
        outlet.subscribe(topic, From.tail()).close();
        clock.pass(Duration.ofMinutes(2));

        assertThat(presence).isNotNull();
        assertThat(topics.count()).isZero();
    }

    // ---- linger

    /** Its delayed tasks run when the test says so. */
    private static final class ManualScheduler extends ScheduledThreadPoolExecutor {
        private final ManualExecutor now = new ManualExecutor();
        private final ManualExecutor later = new ManualExecutor();
        private boolean refuses;

        ManualScheduler() {
            super(0);
        }

        @Override
        public void execute(Runnable task) {
            now.execute(task);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
            if (refuses) {
                throw new RejectedExecutionException("refused");
            }
            assertThat(unit.toMillis(delay)).isEqualTo(50);
            later.execute(task);
            return super.schedule(() -> {}, 0, unit);
        }

        void stop() {
            now.refuse();
            shutdownNow();
        }
    }

    @Test
    void aLingerJoinsWhatComesMeanwhileIntoOneBatch() {
        Topic topic = build(Topics.builder().linger(Duration.ofMillis(50))).topic("news");
        ManualScheduler scheduler = new ManualScheduler();
        List<Integer> batches = new ArrayList<>();
        Encoding<List<Publication>> encoding = batch -> {
            batches.add(batch.size());
            return List.copyOf(batch.publications());
        };
        Subscription.to(topic).feed(scheduler, encoding, outlet);
        scheduler.now.runAll();
        publish(topic, "a");
        publish(topic, "b");
        scheduler.now.runAll();
        assertThat(batches).isEmpty();
        assertThat(scheduler.later.waiting()).isEqualTo(1);

        scheduler.later.runAll();
        scheduler.now.runAll();

        assertThat(batches).containsExactly(2);
        scheduler.stop();
    }

    @Test
    void aFullBatchIsFollowedByTheNextWithoutAnotherLinger() {
        Topic topic = build(Topics.builder().linger(Duration.ofMillis(50))).topic("news");
        ManualScheduler scheduler = new ManualScheduler();
        Subscription.to(topic).feed(scheduler, RecordingOutlet.ENCODING, outlet);
        scheduler.now.runAll();
        for (int i = 0; i < 20; i++) {
            publish(topic, "x".repeat(20_000)); // more than one batch
        }

        scheduler.later.runAll();
        scheduler.now.runAll();

        assertThat(outlet.heard).hasSize(20);
        assertThat(scheduler.later.waiting()).isZero();
        scheduler.stop();
    }

    @Test
    void aLingerOnASchedulerThatWasShutDownEndsItsSubscriptions() {
        Topic topic = build(Topics.builder().linger(Duration.ofMillis(50))).topic("news");
        ManualScheduler scheduler = new ManualScheduler();
        Subscription.to(topic).feed(scheduler, RecordingOutlet.ENCODING, outlet);
        scheduler.now.runAll();
        scheduler.refuses = true;
        scheduler.now.refuse();

        publish(topic, "a");

        assertThat(outlet.end).isEqualTo(Subscription.End.FAILED);
        scheduler.stop();
    }

    // ---- groups

    @Test
    void equalFiltersShareOneEncoding() {
        Topic topic = build(Topics.builder()).topic("news");
        List<String> encoded = new ArrayList<>();
        Encoding<List<Publication>> encoding = batch -> {
            batch.publications().forEach(publication -> encoded.add(publication.text()));
            return List.copyOf(batch.publications());
        };
        Executor executor = RecordingOutlet.DIRECT;
        List<RecordingOutlet> outlets = new ArrayList<>();
        for (Filter filter : List.of(
                Filter.events("a", "b"),
                Filter.events("b", "a"),
                Filter.tags("x").and(Filter.events("a")),
                Filter.tags("x").and(Filter.events("a")),
                Filter.ALL.and(Filter.tags("x")))) {
            RecordingOutlet each = new RecordingOutlet();
            outlets.add(each);
            Subscription.to(topic).filter(filter).feed(executor, encoding, each);
        }

        topic.publish(Draft.of("1").event("a").tags("x"));
        topic.publish(Draft.of("2").event("b"));
        topic.publish(Draft.of("3").tags("x", "y"));

        assertThat(encoded).containsExactlyInAnyOrder("1", "1", "1", "2", "3");
        assertThat(outlets.get(0).heard).containsExactly("1", "2");
        assertThat(outlets.get(1).heard).containsExactly("1", "2");
        assertThat(outlets.get(2).heard).containsExactly("1");
        assertThat(outlets.get(4).heard).containsExactly("1", "3");
    }

    @Test
    void aFilterKeepsItsNamesWhateverBecomesOfTheSet() {
        Set<String> names = new HashSet<>(List.of("a"));
        Filter.Events filter = new Filter.Events(names);
        names.add("b");

        assertThat(filter).isEqualTo(Filter.events("a"));
    }

    // ---- the newest of each key

    @Test
    void aKeyMeansSomethingInItsTopicOnly() {
        Topics topics = build(Topics.builder());
        Topic one = topics.topic("one");
        Topic two = topics.topic("two");
        outlet.writable = false;
        outlet.subscribe(Subscription.to(List.of(one, two)).overflow(OverflowPolicy.LATEST_PER_KEY));
        one.publish(Draft.of("one's").key("price"));
        clock.pass(1);
        two.publish(Draft.of("two's").key("price"));
        two.publish(Draft.of("two's newer").key("price"));

        outlet.resume();

        assertThat(outlet.heard).containsExactly("one's", "two's newer");
    }

    @Test
    void oneThatIsFarBehindGetsNoMoreThanItTakes() {
        Topic topic = build(Topics.builder().backlog(100, 4 * 1024 * 1024)).topic("news");
        List<Integer> writes = new ArrayList<>();
        boolean[] writable = new boolean[1];
        Outlet<List<Publication>> little = new Outlet<>() {
            @Override
            public boolean write(List<Publication> publications) {
                writes.add(publications.size());
                writable[0] = false;
                return true;
            }

            @Override
            public boolean isWritable() {
                return writable[0];
            }
        };
        Subscription subscription = Subscription.to(topic)
                .overflow(OverflowPolicy.LATEST_PER_KEY)
                .feed(RecordingOutlet.DIRECT, RecordingOutlet.ENCODING, little);
        for (int i = 0; i < 100; i++) {
            publish(topic, "x".repeat(20_000)); // 2 MB without a key
        }

        for (int i = 0; i < 30; i++) {
            writable[0] = true;
            subscription.resume();
        }

        assertThat(writes).hasSize(25).containsOnly(4);
    }
}
