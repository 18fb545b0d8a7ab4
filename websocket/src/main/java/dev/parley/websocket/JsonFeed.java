package dev.parley.websocket;

import dev.parley.topic.Gap;
import dev.parley.topic.Subscription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A subscription whose client is told where it stands, and what it has lost. Every message with a {@code position} moves the
 * client there: so a loss is told before, or with, the first position behind it.
 */
class JsonFeed extends TopicFeed {
    private final @Nullable String topic;

    /**
     * A connection's end of a subscription.
     *
     * @param topic what the client knows the topic by; {@code null} if nobody has said
     */
    JsonFeed(OpenConnection connection, @Nullable String topic) {
        super(connection);
        this.topic = topic;
    }

    @Nullable
    String topic() {
        return topic;
    }

    @Override
    PublicationFormat format() {
        return new JsonFormat(topic);
    }

    @Override
    public void begin(Subscription begun, List<Gap> gaps) {
        super.begin(begun, gaps);
        begun(begun.id(), gaps, "subscribed", null);
    }

    /** Tells where it begins: as a message of some type if nothing was lost. */
    final void begun(String position, List<Gap> gaps, String type, @Nullable Object id) {
        if (gaps.isEmpty()) {
            tell(type, id, Json.object("topic", topic, "position", position));
        } else {
            tell(gaps, position, id);
        }
    }

    @Override
    public void gaps(List<Gap> gaps) {
        tell(gaps, position(), null);
    }

    /** Tells of losses; with the last of them the client gets its new position. */
    private void tell(List<Gap> gaps, String position, @Nullable Object id) {
        for (int i = 0; i < gaps.size(); i++) {
            Gap gap = gaps.get(i);
            tell(
                    gap.isReset() ? "reset" : "gap",
                    id,
                    Json.object(
                            "topic", topic == null ? gap.topic() : topic,
                            "position", i == gaps.size() - 1 ? position : null,
                            "from", gap.from().toString(),
                            "to", gap.to().toString(),
                            "lost", gap.isReset() ? null : gap.count()));
        }
    }

    /** What the client resumes from; empty before it has begun. */
    final String position() {
        Subscription of = subscription();
        return of == null ? "" : of.id();
    }

    /** Sends what must not be lost, or else what follows could not be trusted. */
    final void tell(String type, @Nullable Object id, Object payload) {
        connection().sendOrClose(Json.message(type, id, payload));
    }
}
