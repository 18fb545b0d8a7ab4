package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** One subscription to several topics: one stream, and ids that resume all of them. */
final class SeveralTopicsTest {
    private static final int ROWS = 200 * Integer.getInteger("parley.rounds", 1);

    /** A publication, and what one resumes from who has heard it. */
    private record Heard(Publication publication, String id) {}

    private static final Encoding<List<Heard>> WITH_IDS = batch -> {
        List<Heard> heard = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            heard.add(new Heard(batch.publication(i), batch.id(i)));
        }
        return heard;
    };

    @Test
    void topicsOfOneSubscriptionAreOneToSixteenAndNoneTwice() {
        Topics topics = Topics.inMemory();
        List<Topic> seventeen = new ArrayList<>();
        for (int i = 0; i < 17; i++) {
            seventeen.add(topics.topic("t" + i));
        }

        for (List<Topic> wrong : List.of(
                List.<Topic>of(),
                seventeen,
                List.of(topics.topic("a"), topics.topic("a")),
                List.of(topics.topic("a"), Topics.inMemory().topic("b")))) {
            assertThatThrownBy(() -> Subscription.to(wrong))
                    .hasMessageEndingWith("(expected: 1 to 16 of the same Topics, none twice)");
        }
    }

    @Test
    void whereOneTopicIsAheadAndAnotherBehindNothingIsHeardTwice() {
        Topics topics = Topics.on(Broker.inMemory());
        Topic one = topics.topic("one");
        Topic two = topics.topic("two");
        Position first = one.publish("1").toCompletableFuture().join();
        Position second = two.publish("a").toCompletableFuture().join();
        two.publish("b");
        RecordingOutlet outlet = new RecordingOutlet();
        // Of the first topic it has heard two more, on a node that was quicker.
        outlet.subscribe(Subscription.to(List.of(one, two))
                .from(From.since(List.of(new Position(first.epoch(), 3), second))));
        assertThat(outlet.heard).containsExactly("b");

        one.publish("2");
        two.publish("c");
        one.publish("3");
        two.publish("d");
        one.publish("4");

        assertThat(outlet.heard).containsExactly("b", "c", "d", "4");
        topics.close();
    }

    /** Random rows: each topic is heard in its order, once, or is in a gap; from any id one resumes without a hole. */
    @Test
    void eachTopicIsHeardOnceAndInOrderAcrossReconnects() {
        for (long seed = 0; seed < ROWS; seed++) {
            try {
                new Row(new Random(seed)).run();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private static final class Row implements Outlet<List<Heard>> {
        private final Random random;
        private final ManualClock clock = new ManualClock();
        private final ManualExecutor executor = new ManualExecutor();
        private final Topics topics;
        private final List<Topic> all = new ArrayList<>();
        private final long[] heard = new long[3];
        private String id = "";
        private boolean writable = true;
        private boolean over;
        private final boolean mayLose;
        private @Nullable Subscription subscription;

        Row(Random random) {
            this.random = random;
            mayLose = random.nextBoolean();
            topics = Topics.builder()
                    .clock(clock)
                    .history(History.last(mayLose ? 5 : 1000))
                    .backlog(mayLose ? 4 : 1000, 1 << 20)
                    .build();
            for (int i = 0; i < heard.length; i++) {
                all.add(topics.topic("t" + i));
                id += (i == 0 ? "" : "~")
                        + all.get(i).publish("first").toCompletableFuture().join();
                heard[i] = 1;
            }
        }

        void run() {
            subscribe(From.tail());
            for (int step = 0; step < 200; step++) {
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> all.get(random.nextInt(heard.length)).publish("p");
                    case 3 -> clock.pass(random.nextInt(3));
                    case 4 -> writable = false;
                    case 5 -> resume();
                    case 6 -> {
                        if (random.nextInt(4) == 0 && subscription != null) {
                            subscription.close();
                        }
                    }
                    default -> {
                        if (executor.waiting() > 0) {
                            executor.runOne();
                        }
                    }
                }
                if (over) {
                    executor.runAll();
                    over = false;
                    Collections.shuffle(all, random);
                    subscribe(From.since(Position.parseAll(id)));
                }
            }
            executor.runAll();
            while (over) {
                over = false;
                subscribe(From.since(Position.parseAll(id)));
                executor.runAll();
            }
            resume();
            executor.runAll();
            if (!over) {
                for (int i = 0; i < heard.length; i++) {
                    Log log = topics.topic("t" + i).hold();
                    assertThat(heard[i])
                            .as("all of topic " + i)
                            .isEqualTo(log.ring().tail());
                    log.release();
                }
            }
            Invariants.check(topics);
            topics.close();
            executor.runAll();
            Invariants.checkClosed(topics);
        }

        private void subscribe(From from) {
            writable = true;
            subscription = Subscription.to(all)
                    .from(from)
                    .overflow(mayLose && random.nextBoolean() ? OverflowPolicy.SKIP_TO_TAIL : OverflowPolicy.RESUME)
                    .feed(executor, WITH_IDS, this);
        }

        private void resume() {
            writable = true;
            if (subscription != null) {
                subscription.resume();
            }
        }

        @Override
        public void begin(Subscription begun, List<Gap> gaps) {
            gaps.forEach(this::gap);
            id = begun.id();
            checkId(id);
        }

        @Override
        public boolean write(List<Heard> publications) {
            if (!writable) {
                return false;
            }
            for (Heard each : publications) {
                int topic = topicOf(each.publication().position());
                assertThat(each.publication().position().offset()).isEqualTo(heard[topic] + 1);
                heard[topic]++;
                id = each.id();
                checkId(id);
            }
            return true;
        }

        private int topicOf(Position position) {
            for (int i = 0; i < heard.length; i++) {
                Log log = topics.topic("t" + i).hold();
                log.release();
                if (log.ring().epoch() == position.epoch()) {
                    return i;
                }
            }
            throw new AssertionError(position + " is of no topic");
        }

        private void checkId(String text) {
            long[] told = new long[heard.length];
            Position.parseAll(text).forEach(position -> told[topicOf(position)] = position.offset());
            assertThat(told)
                    .as("the id tells what was heard: " + Arrays.toString(heard))
                    .isEqualTo(heard);
        }

        @Override
        public boolean isWritable() {
            return writable;
        }

        @Override
        public void gaps(List<Gap> gaps) {
            gaps.forEach(this::gap);
        }

        private void gap(Gap gap) {
            assertThat(mayLose).isTrue();
            int topic = Integer.parseInt(gap.topic().substring(1));
            assertThat(gap.from().offset()).isEqualTo(heard[topic]);
            assertThat(gap.count()).isPositive();
            heard[topic] = gap.to().offset();
        }

        @Override
        public void end(Subscription.End end, @Nullable Throwable failure) {
            assertThat(failure).isNull();
            Subscription ended = subscription;
            if (end != Subscription.End.TOPICS_CLOSED
                    && ended != null
                    && !ended.id().isEmpty()) {
                id = ended.id();
                checkId(id);
            }
            over = true;
        }
    }
}
