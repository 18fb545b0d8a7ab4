package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of topics whose broker is far away: it answers late, loses its link, fails, or has other nodes. */
final class BrokerLinkTest {
    private static final long EPOCH = 77;

    private final ManualClock clock = new ManualClock();
    private final ScriptedBroker broker = new ScriptedBroker(clock);
    private final Topics topics = Topics.builder()
            .broker(broker)
            .clock(clock)
            .backlog(4, 10_000)
            .history(History.last(3))
            .build();
    private final Topic news = topics.topic("news");
    private final RecordingOutlet outlet = new RecordingOutlet();

    @AfterEach
    void allIsInOrder() {
        Invariants.check(topics);
        topics.close();
        Invariants.checkClosed(topics);
    }

    private static Position at(long offset) {
        return new Position(EPOCH, offset);
    }

    // ---- joining

    @Test
    void whatIsPublishedBeforeTheLinkIsThereKeepsItsOrder() {
        List<CompletableFuture<Position>> answers = new ArrayList<>();
        for (String text : List.of("a", "b", "c")) {
            answers.add(news.publish(text).toCompletableFuture());
        }
        assertThat(broker.appended).isEmpty();

        broker.joined("news", at(7));
        answers.add(news.publish("d").toCompletableFuture());

        assertThat(broker.appended).containsExactly("a", "b", "c", "d");
        assertThat(answers).extracting(CompletableFuture::join).containsExactly(at(8), at(9), at(10), at(11));
    }

    @Test
    void whatIsPublishedWhileOthersStillWaitComesBehindThem() {
        news.publish("a").thenRun(() -> news.publish("c"));
        news.publish("b");

        broker.joined("news", at(0));

        assertThat(broker.appended).containsExactly("a", "b", "c");
    }

    @Test
    void aSubscriptionBeforeTheLinkIsThereHearsWhatIsPublishedAfterIt() {
        news.publish("before");
        outlet.subscribe(news, From.tail());
        news.publish("after");

        broker.joined("news", at(7));

        assertThat(outlet.heard).containsExactly("after");
    }

    @Test
    void aSubscriptionToSeveralTopicsHearsOneWhileAnotherJoins() {
        Topic sport = topics.topic("sport");
        outlet.subscribe(Subscription.to(List.of(news, sport)));
        broker.joined("news", at(7));
        news.publish("n8");
        assertThat(outlet.heard).isEmpty();

        broker.joined("sport", new Position(78, 0));
        sport.publish("s1");

        assertThat(outlet.heard).containsExactly("n8", "s1");
    }

    @Test
    void noMoreThanABacklogWaitsForTheLink() {
        for (int i = 0; i < 4; i++) {
            news.publish("a");
        }

        CompletableFuture<Position> fifth = news.publish("b").toCompletableFuture();

        assertThat(fifth).isCompletedExceptionally();
        assertThatThrownBy(fifth::join)
                .hasCauseInstanceOf(TopicException.class)
                .hasMessageContaining("news: 4 publications wait for the broker (expected: no more than the backlog)");
        broker.joined("news", at(0));
        assertThat(broker.appended).hasSize(4);
        assertThat(news.publish("c").toCompletableFuture().join()).isEqualTo(at(5));
    }

    @Test
    void noMoreBytesThanABacklogWaitForTheLink() {
        news.publish("a".repeat(9_000));

        assertThat(news.publish("b".repeat(1_000)).toCompletableFuture()).isCompletedExceptionally();
    }

    @Test
    void whoeverComesAfterALinkThatFailedTriesAnew() {
        CompletableFuture<Position> first = news.publish("a").toCompletableFuture();
        outlet.subscribe(news, From.tail());
        IllegalStateException why = new IllegalStateException("unreachable");
        broker.refuse("news", why);
        assertThat(first).isCompletedExceptionally();
        assertThat(outlet.heard).isEmpty();
        assertThat(outlet.end).isEqualTo(Subscription.End.FAILED);
        assertThat(outlet.failure).isSameAs(why);

        CompletableFuture<Position> second = news.publish("b").toCompletableFuture();
        broker.joined("news", at(0));

        assertThat(broker.joins).isEqualTo(2);
        assertThat(second).isCompletedWithValue(at(1));
    }

    @Test
    void whatWasHeardBeforeALinkThatFailedIsNotCounted() {
        news.publish("a");
        broker.begin("news", at(0));
        broker.publish("news", "old");

        broker.refuse("news", new IllegalStateException("unreachable"));

        assertThat(topics.bytes()).isZero();
    }

    @Test
    void aFailureToJoinIsToldOnTheSubscriptionsExecutor() {
        ManualExecutor executor = new ManualExecutor();
        Subscription.to(news).feed(executor, RecordingOutlet.ENCODING, outlet);

        broker.refuse("news", new IllegalStateException("unreachable"));
        assertThat(outlet.end).isNull();
        executor.runAll();

        assertThat(outlet.end).isEqualTo(Subscription.End.FAILED);
    }

    @Test
    void aBrokerThatThrowsIsOneThatFails() {
        Broker throwing = new Broker() {
            @Override
            public CompletionStage<Link> join(String topic, int history, Listener listener) {
                throw new IllegalStateException("mine");
            }

            @Override
            public CompletionStage<Position> append(String topic, Draft draft) {
                throw new IllegalStateException("mine");
            }

            @Override
            public void close() {}
        };
        try (Topics broken = Topics.on(throwing)) {
            assertThat(broken.topic("news").publish("a").toCompletableFuture()).isCompletedExceptionally();
            assertThat(broken.count()).isZero();
        }
    }

    @Test
    void topicsThatAreClosedMeanwhileFailWhatWaits() {
        CompletableFuture<Position> answer = news.publish("a").toCompletableFuture();
        outlet.subscribe(news, From.tail());

        topics.close();

        assertThatThrownBy(answer::join).hasCauseInstanceOf(TopicException.class);
        assertThat(outlet.end).isEqualTo(Subscription.End.TOPICS_CLOSED);
        broker.joined("news", at(0));
        assertThat(broker.left).as("the link that came too late").containsExactly("news");
        assertThat(broker.appended).isEmpty();
    }

    @Test
    void aSubscriptionThatIsClosedBeforeTheLinkIsThereNeverBegins() {
        Subscription subscription = outlet.subscribe(news, From.tail());
        subscription.close();

        broker.joined("news", at(0));
        news.publish("a");

        assertThat(outlet.heard).isEmpty();
        assertThat(outlet.end).isEqualTo(Subscription.End.CLOSED);
        assertThat(subscription.id()).isEmpty();
    }

    @Test
    void theOrderIsTheBrokersWhenAnswersComeLate() {
        broker.prompt = false;
        outlet.subscribe(news, From.tail());
        broker.joined("news", at(0));
        CompletableFuture<Position> mine = news.publish("mine").toCompletableFuture();
        broker.publish("news", "another's");
        assertThat(mine).isNotDone();

        broker.catchUp();

        assertThat(mine).isCompletedWithValue(at(2));
        assertThat(outlet.heard).containsExactly("another's", "mine");
    }

    // ---- what the link loses

    @Test
    void aHoleEndsASubscriptionThatResumes() {
        outlet.subscribe(news, From.tail());
        broker.joined("news", at(0));
        broker.publish("news", "1");

        broker.begin("news", at(5));
        broker.ready("news");
        broker.publish("news", "6");

        assertThat(outlet.heard).containsExactly("1");
        assertThat(outlet.end).isEqualTo(Subscription.End.OVERRUN);
        RecordingOutlet back = new RecordingOutlet();
        back.subscribe(news, From.since(Position.parseAll(outlet.idAtEnd)));
        assertThat(back.heard).containsExactly("gap 1..5", "6");
    }

    @Test
    void aHoleIsAGapWhereThePolicySaysSo() {
        for (OverflowPolicy policy : List.of(OverflowPolicy.SKIP_TO_TAIL, OverflowPolicy.LATEST_PER_KEY)) {
            String name = policy.name();
            RecordingOutlet each = new RecordingOutlet();
            Subscription subscription =
                    each.subscribe(Subscription.to(topics.topic(name)).overflow(policy));
            broker.joined(name, at(0));
            broker.publish(name, "1");

            broker.begin(name, at(5));
            subscription.resume(); // it may look before it is told that there is something
            broker.ready(name);
            broker.publish(name, "6");

            assertThat(each.heard).as(name).containsExactly("1", "gap 1..5", "6");
        }
    }

    @Test
    void aNewEpochIsAReset() {
        for (OverflowPolicy policy : List.of(OverflowPolicy.SKIP_TO_TAIL, OverflowPolicy.LATEST_PER_KEY)) {
            String name = policy.name();
            RecordingOutlet keepsUp = new RecordingOutlet();
            RecordingOutlet isBehind = new RecordingOutlet();
            keepsUp.subscribe(Subscription.to(topics.topic(name)).overflow(policy));
            isBehind.subscribe(Subscription.to(topics.topic(name)).overflow(policy));
            isBehind.writable = false;
            broker.joined(name, at(0));
            broker.publish(name, "1");
            broker.publish(name, "2");

            broker.begin(name, new Position(78, 3));
            isBehind.resume();
            broker.publish(name, "4'");
            broker.publish(name, "5'");

            assertThat(keepsUp.heard).as(name).containsExactly("1", "2", "reset 3", "4'", "5'");
            assertThat(isBehind.heard).as(name).containsExactly("reset 3", "4'", "5'");
        }
    }

    @Test
    void whoHasHeardMoreThanANodeThatLostSomethingMissesNothing() {
        broker.joined(joiningNews(), at(100));
        outlet.subscribe(Subscription.to(news)
                .from(From.since(at(105)))
                .overflow(OverflowPolicy.SKIP_TO_TAIL)); // from another node, which was quicker

        broker.begin("news", at(103));
        broker.ready("news");
        for (int i = 104; i <= 107; i++) {
            broker.publish("news", "" + i);
        }

        assertThat(outlet.heard).containsExactly("106", "107");
    }

    @Test
    void whatALinkTellsTwiceIsHeardOnce() {
        broker.joined(joiningNews(), at(0));
        outlet.subscribe(news, From.tail());
        broker.publish("news", "1");
        broker.publish("news", "2");

        broker.begin("news", at(0));
        broker.ready("news");
        for (String text : List.of("1", "2", "3")) {
            broker.publish("news", text);
        }

        assertThat(outlet.heard).containsExactly("1", "2", "3");
    }

    @Test
    void aPublicationOutOfOrderIsTheBrokersFault() {
        broker.joined(joiningNews(), at(0));
        broker.publish("news", "1");
        Log log = news.hold();
        try {
            assertThatThrownBy(() -> log.published(Publication.of(at(3), clock.instant(), Draft.of("3"))))
                    .hasMessage("broker: published 25-3 (expected: 25-2, or began before)");
        } finally {
            log.release();
        }
    }

    @Test
    void beginningWhereTheNodeStandsLosesNothing() {
        broker.joined(joiningNews(), at(0));
        outlet.subscribe(news, From.tail());
        broker.publish("news", "1");

        broker.begin("news", at(1));
        broker.publish("news", "2");

        assertThat(outlet.heard).containsExactly("1", "2");
        RecordingOutlet back = new RecordingOutlet();
        back.subscribe(news, From.since(at(0)));
        assertThat(back.heard).containsExactly("1", "2");
    }

    private String joiningNews() {
        topics.hold("news").release();
        return "news";
    }

    // ---- several nodes

    @Test
    void aSecondNodeHearsTheFirstAndResumesItsIds() {
        Broker shared = Broker.inMemory();
        try (Topics one = Topics.on(shared);
                Topics two = Topics.on(shared)) {
            RecordingOutlet there = new RecordingOutlet();
            outlet.subscribe(one.topic("news"), From.tail());
            there.subscribe(two.topic("news"), From.tail());
            one.topic("news").publish("a");
            two.topic("news").publish("b");
            Subscription left = outlet.begun();
            String id = left.id();
            left.close();
            two.topic("news").publish("c");

            RecordingOutlet back = new RecordingOutlet();
            back.subscribe(two.topic("news"), From.since(Position.parseAll(id)));
            one.topic("news").publish("d");

            assertThat(outlet.heard).containsExactly("a", "b");
            assertThat(there.heard).containsExactly("a", "b", "c", "d");
            assertThat(back.heard).containsExactly("c", "d");
            Invariants.check(one);
            Invariants.check(two);
        }
    }

    @Test
    void aNodeThatJoinsLaterHasTheHistory() {
        Broker shared = Broker.inMemory();
        try (Topics one = Topics.on(shared);
                Topics two = Topics.on(shared)) {
            Position a = one.topic("news").publish("a").toCompletableFuture().join();
            one.topic("news").publish("b");

            outlet.subscribe(two.topic("news"), From.since(a));

            assertThat(outlet.heard).containsExactly("b");
        }
    }

    @Test
    void aNodeThatClosesTakesNothingFromTheOthers() {
        Broker shared = Broker.inMemory();
        Topics one = Topics.on(shared);
        try (Topics two = Topics.on(shared)) {
            outlet.subscribe(two.topic("news"), From.tail());
            one.topic("news").publish("a");

            one.close();
            two.topic("news").publish("b");

            assertThat(outlet.heard).containsExactly("a", "b");
            Invariants.checkClosed(one);
        }
    }

    @Test
    void aPublicationThatComesWhenTheTopicWasForgottenIsNotKept() {
        broker.joined(joiningNews(), at(0));
        Log log = news.hold();
        log.release();
        broker.publish("news", "1");
        clock.pass(Duration.ofMinutes(6)); // the history's age
        for (int i = 0; i < 10 && topics.count() > 0; i++) {
            clock.pass(Duration.ofMinutes(1));
        }
        assertThat(topics.count()).isZero();
        assertThat(broker.left).containsExactly("news");

        log.published(Publication.of(at(2), clock.instant(), Draft.of("late")));

        assertThat(topics.bytes()).isZero();
    }

    @Test
    void whatALinkThrowsWhenItIsLeftHarmsNobody() {
        RuntimeException mine = new IllegalStateException("mine");
        Broker clumsy = new Broker() {
            @Override
            public CompletionStage<Link> join(String topic, int history, Listener listener) {
                listener.began(at(0));
                return CompletableFuture.completedFuture(() -> {
                    throw mine;
                });
            }

            @Override
            public CompletionStage<@Nullable Position> append(String topic, Draft draft) {
                return CompletableFuture.failedFuture(mine);
            }

            @Override
            public void close() {}
        };
        Topics several = Topics.on(clumsy);
        several.topic("one").publish("a");
        several.topic("two").publish("a");

        several.close();

        Invariants.checkClosed(several);
    }
}
