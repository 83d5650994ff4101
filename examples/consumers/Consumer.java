import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A consumer whose effect is exactly once, however often an event comes.
 *
 * <p>java Consumer by-id|by-position BROKERS TOPIC GROUP JDBC_URL
 *
 * <p>What was seen is noted in the transaction of the effect, so both are there or none is,
 * whatever dies and when. Kafka's offset is committed after that, and only says where to begin
 * again.
 */
public final class Consumer {
    // Each says with its number of rows whether the event is new; a second consumer that still has
    // the partition waits here for the first one's commit.
    private static final String BY_ID =
            "INSERT INTO processed (id) VALUES (?) ON CONFLICT DO NOTHING";
    private static final String BY_POSITION =
            "INSERT INTO progress (topic, partition, position) VALUES (?, ?, ?)"
                    + " ON CONFLICT (topic, partition) DO UPDATE SET position = excluded.position"
                    + " WHERE progress.position < excluded.position";
    private static final String EFFECT =
            "INSERT INTO event_count (key, events) VALUES (?, 1)"
                    + " ON CONFLICT (key) DO UPDATE SET events = event_count.events + 1";

    private final Connection database;
    private final boolean byId;

    private Consumer(Connection database, boolean byId) {
        this.database = database;
        this.byId = byId;
    }

    public static void main(String[] arguments) throws SQLException {
        Map<String, Object> properties =
                Map.of(
                        "bootstrap.servers", arguments[1],
                        "group.id", arguments[3],
                        // One that died is missed after so many ms: the least that a broker takes.
                        "session.timeout.ms", 6000,
                        "enable.auto.commit", false,
                        "auto.offset.reset", "earliest",
                        // The Java client's default is read_uncommitted.
                        "isolation.level", "read_committed",
                        "key.deserializer", StringDeserializer.class.getName(),
                        "value.deserializer", StringDeserializer.class.getName());

        try (Connection database = DriverManager.getConnection(arguments[4]);
                KafkaConsumer<String, String> kafka = new KafkaConsumer<>(properties)) {
            database.setAutoCommit(false);
            kafka.subscribe(List.of(arguments[2]));
            Consumer consumer = new Consumer(database, arguments[0].equals("by-id"));
            while (true) {
                ConsumerRecords<String, String> records = kafka.poll(Duration.ofSeconds(1));
                for (ConsumerRecord<String, String> record : records) {
                    consumer.process(record);
                }
                kafka.commitAsync();
            }
        }
    }

    private void process(ConsumerRecord<String, String> record) throws SQLException {
        if (isNew(record)) {
            execute(EFFECT, record.key());
        }
        database.commit();
    }

    /** Notes an event; tells whether it was not noted before. */
    private boolean isNew(ConsumerRecord<String, String> record) throws SQLException {
        if (byId) {
            return execute(BY_ID, header(record, "id")) == 1;
        }
        return execute(
                        BY_POSITION,
                        record.topic(),
                        record.partition(),
                        header(record, "position"))
                == 1;
    }

    /** A header that each event has. */
    private static String header(ConsumerRecord<String, String> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    /** Runs a statement of the transaction; returns how many rows it wrote. */
    private int execute(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = database.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            return statement.executeUpdate();
        }
    }
}
