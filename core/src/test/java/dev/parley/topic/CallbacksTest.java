package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Code of the application that throws, closes, publishes or subscribes where it is called; executors that refuse. */
final class CallbacksTest {
    private final Topics topics =
            Topics.builder().history(History.last(2)).backlog(2, 1 << 20).build();
    private final Topic news = topics.topic("news");
    /** Another subscription of the same group: nothing of this is its concern. */
    private final RecordingOutlet bystander = new RecordingOutlet();

    private final RuntimeException mine = new IllegalStateException("mine");

    @AfterEach
    void allIsInOrder() {
        Invariants.check(topics);
        topics.close();
        Invariants.checkClosed(topics);
    }

    private enum Callback {
        BEGIN,
        WRITE,
        IS_WRITABLE,
        GAP,
        END
    }

    /** Does something in one of its callbacks, and all else as the recorder does. */
    private static final class Acting implements Outlet<List<Publication>> {
        private final RecordingOutlet inner = new RecordingOutlet();
        private final Callback when;
        private final Runnable act;

        Acting(Callback when, Runnable act) {
            this.when = when;
            this.act = act;
        }

        @Override
        public void begin(Subscription subscription, List<Gap> gaps) {
            inner.begin(subscription, gaps);
            actIf(Callback.BEGIN);
        }

        @Override
        public boolean write(List<Publication> encoded) {
            boolean more = inner.write(encoded);
            actIf(Callback.WRITE);
            return more;
        }

        @Override
        public boolean isWritable() {
            actIf(Callback.IS_WRITABLE);
            return inner.isWritable();
        }

        @Override
        public void gaps(List<Gap> gaps) {
            inner.gaps(gaps);
            actIf(Callback.GAP);
        }

        @Override
        public void end(Subscription.End end, @Nullable Throwable failure) {
            inner.end(end, failure);
            actIf(Callback.END);
        }

        private void actIf(Callback now) {
            if (now == when && inner.subscription != null) {
                act.run();
            }
        }
    }

    /** Brings one outlet through each of its callbacks. */
    private void bring(Acting outlet) {
        bystander.subscribe(news, From.tail());
        Subscription subscription = Subscription.to(news)
                .overflow(OverflowPolicy.SKIP_TO_TAIL)
                .feed(RecordingOutlet.DIRECT, RecordingOutlet.ENCODING, outlet);
        news.publish("1");
        outlet.inner.writable = false;
        for (int i = 2; i <= 6; i++) {
            news.publish("" + i);
        }
        outlet.inner.writable = true;
        subscription.resume();
        news.publish("7");
        subscription.close();
        news.publish("8");
    }

    @ParameterizedTest
    @EnumSource(Callback.class)
    void anOutletThatThrowsEndsItsOwnSubscriptionOnce(Callback when) {
        Acting outlet = new Acting(when, () -> {
            throw mine;
        });

        bring(outlet);

        boolean atTheEnd = when == Callback.END;
        assertThat(outlet.inner.end).isEqualTo(atTheEnd ? Subscription.End.CLOSED : Subscription.End.FAILED);
        assertThat(outlet.inner.failure).isSameAs(atTheEnd ? null : mine);
        assertThat(bystander.heard).containsExactly("1", "2", "3", "4", "5", "6", "7", "8");
        assertThat(news.subscriptions()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Callback.class)
    void anOutletMayCloseItselfAnywhere(Callback when) {
        Acting[] self = new Acting[1];
        self[0] = new Acting(when, () -> close(self[0].inner));

        bring(self[0]);

        assertThat(self[0].inner.end).isEqualTo(Subscription.End.CLOSED);
        assertThat(bystander.heard).containsExactly("1", "2", "3", "4", "5", "6", "7", "8");
        assertThat(news.subscriptions()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Callback.class)
    void anOutletMayCloseOthersAnywhere(Callback when) {
        List<RecordingOutlet> others = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            others.add(new RecordingOutlet());
            others.get(i).subscribe(news, From.tail());
        }
        Acting outlet = new Acting(when, () -> others.forEach(CallbacksTest::close));

        bring(outlet);

        assertThat(others).allMatch(other -> other.end == Subscription.End.CLOSED);
        assertThat(bystander.heard).containsExactly("1", "2", "3", "4", "5", "6", "7", "8");
        assertThat(outlet.inner.end).isEqualTo(Subscription.End.CLOSED);
    }

    private static void close(RecordingOutlet outlet) {
        Subscription subscription = outlet.subscription;
        if (subscription != null) {
            subscription.close();
        }
    }

    @ParameterizedTest
    @EnumSource(Callback.class)
    void topicsMayBeClosedAnywhere(Callback when) {
        Acting outlet = new Acting(when, topics::close);
        try {
            bring(outlet);
        } catch (TopicException e) {
            assertThat(e.reason()).isEqualTo(TopicException.Reason.CLOSED);
        }

        assertThat(outlet.inner.end)
                .isEqualTo(when == Callback.END ? Subscription.End.CLOSED : Subscription.End.TOPICS_CLOSED);
        assertThat(bystander.end).isEqualTo(Subscription.End.TOPICS_CLOSED);
    }

    @ParameterizedTest
    @EnumSource(Callback.class)
    void anOutletMayPublishAndSubscribeAnywhere(Callback when) {
        AtomicInteger done = new AtomicInteger();
        List<RecordingOutlet> made = new ArrayList<>();
        Acting outlet = new Acting(when, () -> {
            if (done.getAndIncrement() == 0) {
                news.publish("mine");
                RecordingOutlet other = new RecordingOutlet();
                made.add(other);
                other.subscribe(news, From.tail());
            }
        });

        bring(outlet);

        assertThat(bystander.heard).hasSize(9).contains("mine");
        RecordingOutlet other = made.get(0);
        assertThat(bystander.heard).endsWith(other.heard.toArray(new String[0]));
        assertThat(other.heard).doesNotContain("mine").endsWith("8");
    }

    @Test
    void whatAListenerPublishesComesBehindWhatItHears() {
        Topics roomy = Topics.inMemory();
        Topic news = roomy.topic("news");
        List<String> heard = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Subscription.to(news).executor(Runnable::run).listen(publication -> {
                heard.add(publication.text());
                if (publication.text().length() < 3) {
                    news.publish(publication.text() + "+");
                }
            });
        }
        RecordingOutlet all = bystander;
        all.subscribe(news, From.tail());

        news.publish("a");

        assertThat(heard).hasSize(2 * 7);
        assertThat(all.heard).containsExactly("a", "a+", "a+", "a++", "a++", "a++", "a++");
        Invariants.check(roomy);
        roomy.close();
    }

    @Test
    void aFilterThatThrowsEndsThoseThatHaveIt() {
        Filter throwing = publication -> {
            throw mine;
        };
        RecordingOutlet keepsUp = new RecordingOutlet();
        RecordingOutlet isBehind = new RecordingOutlet();
        keepsUp.subscribe(Subscription.to(news).filter(throwing));
        isBehind.writable = false;
        isBehind.subscribe(Subscription.to(news).filter(throwing));
        bystander.subscribe(news, From.tail());

        news.publish("a");
        isBehind.resume();

        assertThat(keepsUp.failure).isSameAs(mine);
        assertThat(isBehind.failure).isSameAs(mine);
        assertThat(bystander.heard).containsExactly("a");
    }

    @Test
    void anEncodingThatThrowsEndsThoseThatHaveIt() {
        for (boolean released : new boolean[] {false, true}) {
            Encoding<List<Publication>> throwing = new Encoding<>() {
                @Override
                public List<Publication> encode(Batch batch) {
                    if (!released) {
                        throw mine;
                    }
                    return batch.publications();
                }

                @Override
                public void release(List<Publication> encoded) {
                    throw mine;
                }
            };
            RecordingOutlet keepsUp = new RecordingOutlet();
            RecordingOutlet replays = new RecordingOutlet();
            Subscription.to(news).feed(RecordingOutlet.DIRECT, throwing, keepsUp);
            news.publish("a");
            Subscription.to(news).from(From.last(1)).feed(RecordingOutlet.DIRECT, throwing, replays);

            assertThat(keepsUp.failure).isSameAs(mine);
            assertThat(replays.failure).isSameAs(mine);
        }
    }

    @Test
    void whatIsEncodedIsReleasedOnceWhateverOutletsDo() {
        AtomicInteger made = new AtomicInteger();
        AtomicInteger released = new AtomicInteger();
        Encoding<List<Publication>> counted = new Encoding<>() {
            @Override
            public List<Publication> encode(Batch batch) {
                made.incrementAndGet();
                return List.copyOf(batch.publications());
            }

            @Override
            public void release(List<Publication> encoded) {
                released.incrementAndGet();
            }
        };
        Acting throwing = new Acting(Callback.WRITE, () -> {
            throw mine;
        });
        RecordingOutlet slow = new RecordingOutlet();
        slow.writable = false;
        Subscription.to(news).feed(RecordingOutlet.DIRECT, counted, throwing);
        Subscription.to(news).feed(RecordingOutlet.DIRECT, counted, slow);
        RecordingOutlet quick = new RecordingOutlet();
        Subscription.to(news).feed(RecordingOutlet.DIRECT, counted, quick);

        news.publish("a");
        news.publish("b");
        slow.resume();

        assertThat(made).hasValue(3); // a, b, and a with b for the slow one
        assertThat(released).hasValue(3);
        assertThat(slow.heard).containsExactly("a", "b");
    }

    // ---- executors

    @Test
    void anExecutorThatRefusesEndsItsSubscriptionsOnce() {
        ManualExecutor executor = new ManualExecutor();
        List<RecordingOutlet> outlets = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            outlets.add(new RecordingOutlet());
            Subscription.to(news).feed(executor, RecordingOutlet.ENCODING, outlets.get(i));
        }
        executor.runAll();
        outlets.get(0).writable = false;
        news.publish("1");
        executor.runAll();
        executor.refuse();
        bystander.subscribe(news, From.tail());

        news.publish("2");
        news.publish("3");
        outlets.get(0).resume();

        for (RecordingOutlet outlet : outlets) {
            assertThat(outlet.end).isEqualTo(Subscription.End.FAILED);
            assertThat(outlet.failure).hasMessage("the subscription's executor takes no more tasks");
        }
        assertThat(bystander.heard).containsExactly("2", "3");
        assertThat(topics.subscriptions()).isEqualTo(1);
    }

    @Test
    void subscribingOnAnExecutorThatRefusesEndsAtOnce() {
        ManualExecutor executor = new ManualExecutor();
        executor.refuse();

        Subscription subscription = Subscription.to(news).feed(executor, RecordingOutlet.ENCODING, bystander);

        assertThat(bystander.end).isEqualTo(Subscription.End.FAILED);
        assertThat(subscription.isOpen()).isFalse();
    }

    @Test
    void closingOnAnExecutorThatRefusesEndsAtOnce() {
        ManualExecutor executor = new ManualExecutor();
        Subscription one = Subscription.to(news).feed(executor, RecordingOutlet.ENCODING, bystander);
        RecordingOutlet never = new RecordingOutlet();
        Subscription other = Subscription.to(topics.topic("sport")).feed(executor, RecordingOutlet.ENCODING, never);
        executor.runAll();
        executor.refuse();

        one.close();
        other.close();

        assertThat(bystander.end).isEqualTo(Subscription.End.CLOSED);
        assertThat(never.end).isEqualTo(Subscription.End.CLOSED);
    }

    @Test
    void oneExecutorMayBeUsedAgainAfterAllHaveLeft() {
        ManualExecutor executor = new ManualExecutor();
        for (int i = 0; i < 3; i++) {
            RecordingOutlet outlet = new RecordingOutlet();
            Subscription subscription = Subscription.to(news).feed(executor, RecordingOutlet.ENCODING, outlet);
            executor.runAll();
            news.publish("" + i);
            executor.runAll();
            subscription.close();
            executor.runAll();
            assertThat(outlet.heard).containsExactly("" + i);
            assertThat(topics.dispatchers).isEmpty();
        }
    }

    // ---- the id

    @Test
    void theIdAtTheEndIsWhereTheSubscriptionWas() {
        RecordingOutlet slow = new RecordingOutlet();
        slow.subscribe(news, From.tail());
        bystander.subscribe(news, From.tail());
        news.publish("1");
        slow.writable = false;
        for (int i = 2; i <= 6; i++) {
            news.publish("" + i);
        }

        slow.resume();

        assertThat(slow.end).isEqualTo(Subscription.End.OVERRUN);
        assertThat(slow.heard).containsExactly("1");
        assertThat(Position.parseAll(slow.idAtEnd)).singleElement().matches(at -> at.offset() == 1);
        Subscription subscription = slow.begun();
        assertThat(subscription.id()).as("afterwards").isEqualTo(slow.idAtEnd);
    }

    @Test
    void theIdOfOneThatIsClosedByAnotherIsWhatItHasHeard() {
        RecordingOutlet victim = new RecordingOutlet();
        AtomicInteger writes = new AtomicInteger();
        Acting closing = new Acting(Callback.WRITE, () -> {
            if (writes.incrementAndGet() == 2) {
                close(victim);
            }
        });
        Subscription.to(news).feed(RecordingOutlet.DIRECT, RecordingOutlet.ENCODING, closing);
        victim.subscribe(news, From.tail());

        news.publish("1");
        news.publish("2");

        assertThat(victim.heard).containsExactly("1");
        assertThat(Position.parseAll(victim.idAtEnd)).singleElement().matches(at -> at.offset() == 1);
    }

    @Test
    void theIdOfOneThatClosesItselfIsWhatItHasHeard() {
        Acting[] self = new Acting[1];
        self[0] = new Acting(Callback.WRITE, () -> close(self[0].inner));
        Subscription.to(news).feed(RecordingOutlet.DIRECT, RecordingOutlet.ENCODING, self[0]);

        news.publish("1");

        assertThat(Position.parseAll(self[0].inner.idAtEnd)).singleElement().matches(at -> at.offset() == 1);
    }

    @Test
    void theIdOfOneWhoseFilterThrewIsBeforeWhatItCouldNotHear() {
        Filter throwing = publication -> {
            if (publication.text().equals("2")) {
                throw mine;
            }
            return true;
        };
        RecordingOutlet keepsUp = new RecordingOutlet();
        RecordingOutlet isBehind = new RecordingOutlet();
        for (RecordingOutlet outlet : List.of(keepsUp, isBehind)) {
            outlet.subscribe(Subscription.to(news).filter(throwing));
        }
        isBehind.writable = false;
        news.publish("1");
        news.publish("2");
        isBehind.resume();

        for (RecordingOutlet outlet : List.of(keepsUp, isBehind)) {
            assertThat(outlet.end).isEqualTo(Subscription.End.FAILED);
            assertThat(Position.parseAll(outlet.idAtEnd))
                    .singleElement()
                    .matches(at -> at.offset() == outlet.heard.size());
        }
        assertThat(keepsUp.heard).containsExactly("1");
        assertThat(isBehind.heard).isEmpty();
    }

    @Test
    void theIdOfOneThatKeptUpStaysWhereItWasClosed() {
        Subscription subscription = bystander.subscribe(news, From.tail());
        new RecordingOutlet().subscribe(news, From.tail());
        news.publish("1");
        subscription.close();

        news.publish("2");

        assertThat(Position.parseAll(subscription.id())).singleElement().matches(at -> at.offset() == 1);
    }
}
