package dev.parley.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random rows of what may happen to a topic, beside a model of it that is a plain list: both keep the same and tell
 * everybody the same.
 *
 * <p>{@code -Dparley.rounds=N} runs N times as many rows.
 */
final class TopicModelTest {
    private static final int ROWS = 150 * Integer.getInteger("parley.rounds", 1);
    private static final int STEPS = 300;
    private static final List<OverflowPolicy> POLICIES = List.of(OverflowPolicy.values());
    private static final Filter EVEN = publication -> isEven(publication.text());

    @Test
    void aTopicIsAListWithAWindow() {
        for (long seed = 0; seed < ROWS; seed++) {
            Random random = new Random(seed);
            Model model = new Model(random);
            int step = 0;
            try {
                for (; step < STEPS; step++) {
                    model.step();
                    model.compare();
                }
                model.end();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ", step " + step, e);
            }
        }
    }

    private static boolean isEven(String text) {
        return Integer.parseInt(text.strip()) % 2 == 0;
    }

    /** A publication, as the model knows it; its offset is its index and one. */
    private record Entry(String text, @Nullable String key, int size, long millis) {}

    private static final class Model {
        private final Random random;
        private final ManualClock clock = new ManualClock();
        private final int historyCount;
        private final int historyBytes;
        private final int historyMillis;
        private final int backlogCount;
        private final int backlogBytes;
        private final Topics topics;
        private final Topic topic;
        private final List<Entry> all = new ArrayList<>();
        private final List<Client> clients = new ArrayList<>();
        private long epoch = -1;
        /** Offset of the oldest that is kept, and of the oldest that is history. */
        private int head = 1;

        private int historyHead = 1;

        Model(Random random) {
            this.random = random;
            historyCount = random.nextInt(20);
            historyBytes = random.nextInt(4000);
            historyMillis = random.nextInt(400);
            backlogCount = 1 + random.nextInt(15);
            backlogBytes = 1 + random.nextInt(3000);
            topics = Topics.builder()
                    .clock(clock)
                    .history(new History(historyCount, historyBytes, Duration.ofMillis(historyMillis)))
                    .backlog(backlogCount, backlogBytes)
                    .idle(Duration.ofDays(365))
                    .build();
            topic = topics.topic("model");
        }

        void step() {
            switch (random.nextInt(10)) {
                case 0, 1, 2, 3, 4 -> publish();
                case 5 -> clock.pass(random.nextInt(100));
                case 6 -> {
                    if (clients.size() < 6) {
                        subscribe();
                    }
                }
                default -> {
                    if (!clients.isEmpty()) {
                        clients.get(random.nextInt(clients.size())).step();
                    }
                }
            }
        }

        private void publish() {
            String text = all.size() + 1 + " ".repeat(random.nextInt(10) == 0 ? random.nextInt(2000) : 0);
            Draft draft = Draft.of(text);
            if (random.nextBoolean()) {
                draft = draft.key("k" + random.nextInt(3));
            }
            all.add(new Entry(text, draft.key(), Publication.size(draft), clock.millis()));
            trim();
            clients.forEach(Client::published);

            Position position = topic.publish(draft).toCompletableFuture().join();

            assertThat(position.offset()).isEqualTo(all.size());
            assertThat(epoch < 0 || epoch == position.epoch()).isTrue();
            epoch = position.epoch();
        }

        private int bytesFrom(int offset) {
            return all.subList(offset - 1, all.size()).stream()
                    .mapToInt(Entry::size)
                    .sum();
        }

        private void trim() {
            while (historyHead <= all.size()
                    && (all.size() + 1 - historyHead > historyCount
                            || bytesFrom(historyHead) > historyBytes
                            || clock.millis() - all.get(historyHead - 1).millis() >= historyMillis)) {
                historyHead++;
            }
            int backlogHead = all.size() + 1;
            if (clients.stream().anyMatch(client -> !client.over)) {
                while (backlogHead > 1
                        && all.size() + 2 - backlogHead <= backlogCount
                        && (bytesFrom(backlogHead - 1) <= backlogBytes || backlogHead == all.size() + 1)) {
                    backlogHead--;
                }
            }
            head = Math.max(head, Math.min(historyHead, backlogHead));
        }

        private void subscribe() {
            Client client = new Client();
            clients.add(client);
            client.begin();
        }

        void compare() {
            Invariants.check(topics);
            for (Client client : clients) {
                assertThat(client.outlet.heard).containsExactlyElementsOf(client.expected);
                assertThat(client.outlet.end).isEqualTo(client.end);
            }
            assertThat(topic.subscriptions()).isEqualTo((int)
                    clients.stream().filter(client -> !client.over).count());
            if (!all.isEmpty()) {
                Log log = topic.hold();
                assertThat(log.ring().tail()).isEqualTo(all.size());
                assertThat(log.ring().head()).isEqualTo(head);
                assertThat(topics.bytes()).isEqualTo(bytesFrom(head));
                log.release();
            }
            clients.removeIf(client -> client.over);
        }

        void end() {
            topics.close();
            for (Client client : clients) {
                assertThat(client.outlet.end).isEqualTo(Subscription.End.TOPICS_CLOSED);
                assertThat(client.outlet.heard).containsExactlyElementsOf(client.expected);
            }
            Invariants.checkClosed(topics);
        }

        private final class Client {
            private final RecordingOutlet outlet = new RecordingOutlet();
            private final OverflowPolicy policy = POLICIES.get(random.nextInt(POLICIES.size()));
            private final boolean even = random.nextInt(3) == 0;
            private final List<String> expected = new ArrayList<>();
            private boolean keepsUp;
            private int offset;
            private boolean over;
            private Subscription.@Nullable End end;

            void begin() {
                outlet.writable = random.nextInt(4) > 0;
                trim();
                From from = from();
                outlet.subscribe(
                        Subscription.to(topic).from(from).overflow(policy).filter(even ? EVEN : Filter.ALL));
                if (outlet.writable) {
                    catchUp();
                }
            }

            private From from() {
                switch (random.nextInt(epoch < 0 ? 3 : 5)) {
                    case 0 -> {
                        offset = all.size();
                        return From.tail();
                    }
                    case 1 -> {
                        offset = historyHead - 1;
                        return From.oldest();
                    }
                    case 2 -> {
                        int count = random.nextInt(10);
                        offset = Math.max(historyHead - 1, all.size() - count);
                        return From.last(count);
                    }
                    case 3 -> {
                        offset = historyHead - 1;
                        expected.add("reset " + offset);
                        return From.since(new Position(epoch + 1, random.nextInt(100)));
                    }
                    default -> {
                        int position = random.nextInt(all.size() + 1);
                        offset = position;
                        if (position + 1 < historyHead) {
                            offset = historyHead - 1;
                            expected.add("gap " + position + ".." + offset);
                        }
                        return From.since(new Position(epoch, position));
                    }
                }
            }

            private boolean accepts(Entry entry) {
                return !even || isEven(entry.text());
            }

            void published() {
                Entry entry = all.get(all.size() - 1);
                if (keepsUp && accepts(entry) && !outlet.writable) {
                    keepsUp = false;
                } else if (keepsUp) {
                    offset = all.size();
                    if (accepts(entry)) {
                        expected.add(entry.text());
                    }
                }
            }

            void step() {
                switch (random.nextInt(5)) {
                    case 0, 1 -> outlet.writable = false;
                    case 2, 3 -> {
                        if (!keepsUp) {
                            catchUp();
                        }
                        outlet.resume();
                    }
                    default -> {
                        over = true;
                        end = Subscription.End.CLOSED;
                        Subscription subscription = outlet.begun();
                        if (clients.stream().allMatch(client -> client.over)) {
                            trim();
                        }
                        subscription.close();
                        assertThat(Position.parseAll(outlet.idAtEnd))
                                .singleElement()
                                .matches(at -> at.offset() == offset, "" + offset);
                    }
                }
            }

            private void catchUp() {
                if (offset + 1 < head) {
                    switch (policy) {
                        case RESUME -> {
                            over = true;
                            end = Subscription.End.OVERRUN;
                            if (clients.stream().allMatch(client -> client.over)) {
                                trim();
                            }
                            return;
                        }
                        case SKIP_TO_TAIL -> {
                            expected.add("gap " + offset + ".." + all.size());
                            offset = all.size();
                        }
                        case LATEST_PER_KEY -> {
                            expected.add("gap " + offset + ".." + (head - 1));
                            offset = head - 1;
                        }
                    }
                }
                Set<String> newer = new HashSet<>();
                List<String> texts = new ArrayList<>();
                for (int i = all.size(); i > offset; i--) {
                    Entry entry = all.get(i - 1);
                    boolean superseded = policy == OverflowPolicy.LATEST_PER_KEY
                            && entry.key() != null
                            && accepts(entry)
                            && !newer.add(entry.key());
                    if (accepts(entry) && !superseded) {
                        texts.add(0, entry.text());
                    }
                }
                expected.addAll(texts);
                offset = all.size();
                keepsUp = true;
            }
        }
    }
}
