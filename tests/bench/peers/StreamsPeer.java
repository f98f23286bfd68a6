import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The workloads of ../views-kafka.py in Kafka Streams, written as its users would who want it fast: envelopes are read by a
 * streaming parser, state and inner topics are packed bytes with only the columns that are needed, keys stay the bytes that
 * they are. Where the operators leave a choice, the cheaper one is taken: filter keeps no state (it writes a tombstone also
 * for what was never there), and top writes a group's rows as one record.
 *
 * <p>StreamsPeer BROKERS APPLICATION STATE_FOLDER WORKLOAD...: runs until it is ended. Writes to peer.WORKLOAD.
 */
public final class StreamsPeer {
    private static final String[] STATES = {"PENDING", "PAID", "SHIPPED", "DELIVERED", "CANCELLED"};
    private static final int TOP_ROWS = 10;
    private static final int ROW_BYTES = 2 * Long.BYTES;
    private static final JsonFactory JSON = new JsonFactory();

    private StreamsPeer() {}

    record Order(long id, long customer, long amount, byte state) {
        String stateName() {
            return STATES[state];
        }
    }

    record Customer(String name, String country) {}

    // --- bytes ---

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Bytes customerKey(long id) {
        return Bytes.wrap(utf8("{\"customer_id\":" + id + "}"));
    }

    interface Reader<T> {
        T read(JsonParser parser) throws IOException;
    }

    /** Reads the row under "after"; null when there is none. */
    private static <T> Deserializer<T> envelope(Reader<T> row) {
        return (topic, bytes) -> {
            if (bytes == null) {
                return null;
            }
            try (JsonParser parser = JSON.createParser(bytes)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean wanted = parser.currentName().equals("after");
                    JsonToken value = parser.nextToken();
                    if (wanted) {
                        return value == JsonToken.START_OBJECT ? row.read(parser) : null;
                    }
                    parser.skipChildren();
                }
                return null;
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        };
    }

    private static Order readOrder(JsonParser parser) throws IOException {
        long id = 0;
        long customer = 0;
        long amount = 0;
        byte state = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "order_id" -> id = parser.getLongValue();
                case "customer_id" -> customer = parser.getLongValue();
                case "amount" -> amount = parser.getLongValue();
                case "status" -> state = stateOf(parser.getText());
                default -> parser.skipChildren();
            }
        }
        return new Order(id, customer, amount, state);
    }

    private static byte stateOf(String name) {
        byte state = 0;
        while (!STATES[state].equals(name)) {
            state++;
        }
        return state;
    }

    private static Customer readCustomer(JsonParser parser) throws IOException {
        String name = null;
        String country = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "name" -> name = parser.getText();
                case "country" -> country = parser.getText();
                default -> parser.skipChildren();
            }
        }
        return new Customer(name, country);
    }

    private static <T> Serde<T> packed(Serializer<T> write, Deserializer<T> read) {
        return Serdes.serdeFrom(
                (topic, value) -> value == null ? null : write.serialize(topic, value),
                (topic, bytes) -> bytes == null ? null : read.deserialize(topic, bytes));
    }

    private static final Serde<Order> ORDER = packed(
            (topic, order) -> ByteBuffer.allocate(3 * Long.BYTES + 1)
                    .putLong(order.id).putLong(order.customer).putLong(order.amount).put(order.state).array(),
            (topic, bytes) -> {
                ByteBuffer in = ByteBuffer.wrap(bytes);
                return new Order(in.getLong(), in.getLong(), in.getLong(), in.get());
            });

    private static final Serde<Customer> CUSTOMER = packed(
            (topic, customer) -> utf8(customer.country + customer.name),
            (topic, bytes) -> {
                String text = new String(bytes, StandardCharsets.UTF_8);
                return new Customer(text.substring(2), text.substring(0, 2));
            });

    // --- workloads ---

    private static void filter(KStream<Bytes, Order> changes) {
        changes.mapValues(order -> order == null || order.stateName().equals("CANCELLED") || order.amount < 5000 ? null
                        : "{\"order_id\":" + order.id + ",\"customer_id\":" + order.customer + ",\"status\":\""
                                + order.stateName() + "\",\"amount\":" + order.amount + "}")
                .to("peer.filter-313", Produced.with(Serdes.Bytes(), Serdes.String()));
    }

    /** A group is its amounts: without all of them neither min nor max can lose a row. */
    private static void group(KTable<Bytes, Order> orders) {
        orders.groupBy((key, order) -> KeyValue.pair(order.customer, order.amount), Grouped.with("group", Serdes.Long(), Serdes.Long()))
                .aggregate(() -> new byte[0], (customer, amount, amounts) -> with(amounts, amounts.length, amount),
                        (customer, amount, amounts) -> orNone(without(amounts, placeOf(amounts, Long.BYTES, 0, amount), Long.BYTES)),
                        Materialized.<Long, byte[], KeyValueStore<Bytes, byte[]>>as("groups")
                                .withKeySerde(Serdes.Long()).withValueSerde(Serdes.ByteArray()))
                .toStream().map((customer, amounts) -> KeyValue.pair(customerKey(customer), amounts == null ? null : sums(customer, amounts)))
                .to("peer.group", Produced.with(Serdes.Bytes(), Serdes.String()));
    }

    private static String sums(long customer, byte[] amounts) {
        ByteBuffer in = ByteBuffer.wrap(amounts);
        long total = 0;
        long least = Long.MAX_VALUE;
        long most = Long.MIN_VALUE;
        while (in.hasRemaining()) {
            long amount = in.getLong();
            total += amount;
            least = Math.min(least, amount);
            most = Math.max(most, amount);
        }
        return "{\"customer_id\":" + customer + ",\"n\":" + amounts.length / Long.BYTES + ",\"total\":" + total + ",\"least\":" + least
                + ",\"most\":" + most + "}";
    }

    private static void join(KTable<Bytes, Order> orders, StreamsBuilder builder) {
        KTable<Bytes, Customer> customers = builder
                .stream("shop.customers", Consumed.with(Serdes.Bytes(), Serdes.serdeFrom(CUSTOMER.serializer(), envelope(StreamsPeer::readCustomer))))
                .toTable(Materialized.<Bytes, Customer, KeyValueStore<Bytes, byte[]>>as("customers")
                        .withKeySerde(Serdes.Bytes()).withValueSerde(CUSTOMER));
        orders.join(customers, order -> customerKey(order.customer),
                        (order, customer) -> "{\"order_id\":" + order.id + ",\"status\":\"" + order.stateName() + "\",\"amount\":"
                                + order.amount + ",\"customer_id\":" + order.customer + ",\"name\":\"" + customer.name + "\",\"country\":\""
                                + customer.country + "\"}",
                        Materialized.with(Serdes.Bytes(), Serdes.String()))
                .toStream().to("peer.join", Produced.with(Serdes.Bytes(), Serdes.String()));
    }

    /** A group is all its rows (amount, id), best first. */
    private static void top(KTable<Bytes, Order> orders) {
        Serde<long[]> row = packed(
                (topic, pair) -> ByteBuffer.allocate(ROW_BYTES).putLong(pair[0]).putLong(pair[1]).array(),
                (topic, bytes) -> new long[] {ByteBuffer.wrap(bytes).getLong(), ByteBuffer.wrap(bytes).getLong(Long.BYTES)});
        orders.groupBy((key, order) -> KeyValue.pair(order.customer, new long[] {order.amount, order.id}), Grouped.with("top", Serdes.Long(), row))
                .aggregate(() -> new byte[0], (customer, pair, rows) -> with(rows, rank(rows, pair), pair),
                        (customer, pair, rows) -> orNone(without(rows, placeOf(rows, ROW_BYTES, Long.BYTES, pair[1]), ROW_BYTES)),
                        Materialized.<Long, byte[], KeyValueStore<Bytes, byte[]>>as("ranks")
                                .withKeySerde(Serdes.Long()).withValueSerde(Serdes.ByteArray()))
                .toStream().map((customer, rows) -> KeyValue.pair(customerKey(customer), rows == null ? null : best(customer, rows)))
                .to("peer.top", Produced.with(Serdes.Bytes(), Serdes.String()));
    }

    /** The first rows, one JSON object a line. */
    private static String best(long customer, byte[] rows) {
        ByteBuffer in = ByteBuffer.wrap(rows);
        StringBuilder out = new StringBuilder();
        for (int n = 0; n < TOP_ROWS && in.hasRemaining(); n++) {
            long amount = in.getLong();
            out.append(n == 0 ? "" : "\n").append("{\"order_id\":").append(in.getLong()).append(",\"customer_id\":").append(customer)
                    .append(",\"amount\":").append(amount).append('}');
        }
        return out.toString();
    }

    /** Where the row belongs: behind larger amounts, and behind smaller ids of the same. */
    private static int rank(byte[] rows, long[] pair) {
        ByteBuffer in = ByteBuffer.wrap(rows);
        int low = 0;
        int high = rows.length / ROW_BYTES;
        while (low < high) {
            int middle = (low + high) / 2;
            long amount = in.getLong(middle * ROW_BYTES);
            boolean before = amount > pair[0] || (amount == pair[0] && in.getLong(middle * ROW_BYTES + Long.BYTES) < pair[1]);
            low = before ? middle + 1 : low;
            high = before ? high : middle;
        }
        return low * ROW_BYTES;
    }

    // --- arrays of numbers in bytes ---

    private static byte[] with(byte[] list, int at, long... numbers) {
        ByteBuffer out = ByteBuffer.allocate(list.length + numbers.length * Long.BYTES).put(list, 0, at);
        for (long number : numbers) {
            out.putLong(number);
        }
        return out.put(list, at, list.length - at).array();
    }

    private static byte[] without(byte[] list, int at, int bytes) {
        return ByteBuffer.allocate(list.length - bytes).put(list, 0, at).put(list, at + bytes, list.length - at - bytes).array();
    }

    /** The entry whose number at `within` is this one. */
    private static int placeOf(byte[] list, int bytes, int within, long number) {
        ByteBuffer in = ByteBuffer.wrap(list);
        int at = 0;
        while (in.getLong(at + within) != number) {
            at += bytes;
        }
        return at;
    }

    /** An empty group goes. */
    private static byte[] orNone(byte[] list) {
        return list.length == 0 ? null : list;
    }

    // --- running ---

    private static Properties settings(String[] args) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("application.id", args[1]);
        settings.put("state.dir", args[2]);
        settings.put("processing.guarantee", "exactly_once_v2");
        settings.put("commit.interval.ms", "200");
        settings.put("num.stream.threads", "2");
        settings.put("statestore.cache.max.bytes", Integer.toString(32 << 20));
        settings.put("replication.factor", "1");
        settings.put("auto.offset.reset", "earliest");
        return settings;
    }

    private static StreamsBuilder topology(List<String> workloads) {
        StreamsBuilder builder = new StreamsBuilder();
        KStream<Bytes, Order> changes = builder.stream("shop.orders",
                Consumed.with(Serdes.Bytes(), Serdes.serdeFrom(ORDER.serializer(), envelope(StreamsPeer::readOrder))));
        if (workloads.contains("filter-313")) {
            filter(changes);
        }
        if (workloads.equals(List.of("filter-313"))) {
            return builder;
        }
        KTable<Bytes, Order> orders = changes.toTable(Materialized.<Bytes, Order, KeyValueStore<Bytes, byte[]>>as("orders")
                .withKeySerde(Serdes.Bytes()).withValueSerde(ORDER));
        if (workloads.contains("group")) {
            group(orders);
        }
        if (workloads.contains("join")) {
            join(orders, builder);
        }
        if (workloads.contains("top")) {
            top(orders);
        }
        return builder;
    }

    public static void main(String[] args) throws InterruptedException {
        List<String> workloads = Arrays.asList(args).subList(3, args.length);
        CountDownLatch failed = new CountDownLatch(1);
        KafkaStreams streams = new KafkaStreams(topology(workloads).build(), settings(args));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            failed.countDown();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(30))));
        streams.start();
        failed.await();
        System.exit(1);
    }
}
