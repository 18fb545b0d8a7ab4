package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SubscriptionTest {
    private final Topics topics = Topics.builder().history(History.last(3)).build();
    private final Topic news = topics.topic("news");
    private final List<String> heard = new ArrayList<>();

    /** Takes what it is given while it is open, as a connection does. */
    private final class Pipe implements Outlet<List<String>> {
        private final AtomicBoolean open = new AtomicBoolean(true);

        @Override
        public void begin(Subscription subscription, List<Gap> gaps) {
            gaps.forEach(this::gap);
        }

        @Override
        public boolean write(List<String> texts) {
            return open.get() && heard.addAll(texts);
        }

        @Override
        public boolean isWritable() {
            return open.get();
        }

        @Override
        public void gaps(List<Gap> gaps) {
            gaps.forEach(this::gap);
        }

        private void gap(Gap gap) {
            heard.add("gap " + gap.from().offset() + ".." + gap.to().offset());
        }

        @Override
        public void end(Subscription.End end, @Nullable Throwable failure) {
            heard.add("end " + end);
        }
    }

    private static final Encoding<List<String>> TEXTS =
            batch -> batch.publications().stream().map(Publication::text).toList();

    private Subscription subscribe(From from) {
        return Subscription.to(news)
                .from(from)
                .executor(Runnable::run)
                .onGap(gap ->
                        heard.add("gap " + gap.from().offset() + ".." + gap.to().offset()))
                .onEnd((end, failure) -> heard.add("end " + end))
                .listen(publication -> heard.add(publication.text()));
    }

    private Position publish(String text) {
        return news.publish(text).toCompletableFuture().join();
    }

    @Test
    void theTailHearsWhatComes() {
        publish("a");
        Subscription subscription = subscribe(From.tail());

        publish("b");
        publish("c");
        subscription.close();
        publish("d");

        assertThat(heard).containsExactly("b", "c", "end CLOSED");
    }

    @Test
    void aPositionHearsWhatFollowedAndThenWhatComes() {
        Position a = publish("a");
        publish("b");

        subscribe(From.since(a));
        publish("c");

        assertThat(heard).containsExactly("b", "c");
    }

    @Test
    void aPositionThatIsTooOldHearsOfTheGapFirst() {
        Position a = publish("a");
        publish("b");
        publish("c");
        publish("d");
        publish("e");

        subscribe(From.since(a));

        assertThat(heard).containsExactly("gap 1..2", "c", "d", "e");
    }

    @Test
    void aPositionOfAnotherEpochHearsOfAReset() {
        publish("a");

        List<Gap> gaps = new ArrayList<>();
        Subscription.to(news)
                .from(From.since(new Position(7, 9)))
                .executor(Runnable::run)
                .onGap(gaps::add)
                .listen(publication -> heard.add(publication.text()));

        assertThat(gaps).singleElement().matches(Gap::isReset);
        assertThat(heard).containsExactly("a");
    }

    @Test
    void oneThatTakesNoMoreGoesOnFromTheRing() {
        Pipe pipe = new Pipe();
        Subscription subscription = Subscription.to(news).feed(Runnable::run, TEXTS, pipe);
        pipe.open.set(false);
        publish("a");
        publish("b");
        publish("c");
        assertThat(heard).isEmpty();

        pipe.open.set(true);
        subscription.resume();
        publish("d");

        assertThat(heard).containsExactly("a", "b", "c", "d");
    }

    @Test
    void oneThatIsOvertakenIsClosedSoThatItResumes() {
        Topics few =
                Topics.builder().history(History.last(1)).backlog(2, 1 << 20).build();
        Topic topic = few.topic("news");
        Pipe pipe = new Pipe();
        Subscription subscription = Subscription.to(topic).feed(Runnable::run, TEXTS, pipe);
        pipe.open.set(false);
        for (String text : List.of("a", "b", "c", "d")) {
            topic.publish(text);
        }

        pipe.open.set(true);
        subscription.resume();

        assertThat(heard).containsExactly("end OVERRUN");
    }

    @Test
    void oneThatSkipsHearsOfTheGapAndGoesOn() {
        Topics few =
                Topics.builder().history(History.last(1)).backlog(2, 1 << 20).build();
        Topic topic = few.topic("news");
        Pipe pipe = new Pipe();
        Subscription subscription =
                Subscription.to(topic).overflow(OverflowPolicy.SKIP_TO_TAIL).feed(Runnable::run, TEXTS, pipe);
        pipe.open.set(false);
        for (String text : List.of("a", "b", "c", "d")) {
            topic.publish(text);
        }

        pipe.open.set(true);
        subscription.resume();
        topic.publish("e");

        assertThat(heard).containsExactly("gap 0..4", "e");
    }

    @Test
    void oneThatIsBehindGetsTheNewestOfEachKey() {
        Pipe pipe = new Pipe();
        Subscription subscription =
                Subscription.to(news).overflow(OverflowPolicy.LATEST_PER_KEY).feed(Runnable::run, TEXTS, pipe);
        pipe.open.set(false);
        news.publish(Draft.of("a1").key("a"));
        news.publish(Draft.of("a2").key("a"));
        news.publish(Draft.of("b1").key("b"));
        news.publish(Draft.of("none"));
        news.publish(Draft.of("a3").key("a"));

        pipe.open.set(true);
        subscription.resume();

        assertThat(heard).containsExactly("b1", "none", "a3");
    }

    @Test
    void severalTopicsShareOneStreamAndOneId() {
        Topic sport = topics.topic("sport");
        List<String> ids = new ArrayList<>();
        Encoding<List<String>> withIds = batch -> {
            for (int i = 0; i < batch.size(); i++) {
                ids.add(batch.id(i));
            }
            return batch.publications().stream().map(Publication::text).toList();
        };
        Subscription first = Subscription.to(List.of(news, sport)).feed(Runnable::run, withIds, new Pipe());
        publish("n1");
        sport.publish("s1");
        first.close();
        publish("n2");
        sport.publish("s2");
        heard.clear();

        Subscription.to(List.of(sport, news))
                .from(From.since(Position.parseAll(ids.get(0))))
                .feed(Runnable::run, withIds, new Pipe());

        assertThat(heard).containsExactlyInAnyOrder("s1", "n2", "s2");
    }

    @Test
    void aListenerThatThrowsEndsItsOwnSubscriptionOnly() {
        List<Throwable> failures = new ArrayList<>();
        Subscription.to(news)
                .executor(Runnable::run)
                .onEnd((end, failure) -> failures.add(failure))
                .listen(publication -> {
                    throw new IllegalStateException("mine");
                });
        subscribe(From.tail());

        publish("a");

        assertThat(failures).singleElement().matches(failure -> "mine".equals(failure.getMessage()));
        assertThat(heard).containsExactly("a");
        assertThat(news.subscriptions()).isEqualTo(1);
    }

    @Test
    void closedTopicsEndAllSubscriptions() {
        subscribe(From.tail());

        topics.close();

        assertThat(heard).containsExactly("end TOPICS_CLOSED");
        assertThatThrownBy(() -> news.publish("a")).isInstanceOf(TopicException.class);
    }
}
