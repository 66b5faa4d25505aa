import io.trino.plugin.memory.MemoryPlugin;
import io.trino.server.testing.TestingTrinoServer;
import java.util.Map;

/** A whole Trino in one process, with tables in memory in the catalog `lake`. Prints its address and runs until its standard input ends. */
public class TrinoServer {
    public static void main(String[] args) throws Exception {
        Map<String, String> settings = Map.of("query.max-memory-per-node", "2GB", "query.max-memory", "2GB");
        TestingTrinoServer server = TestingTrinoServer.builder().setProperties(settings).build();
        server.installPlugin(new MemoryPlugin());
        server.createCatalog("lake", "memory", Map.of("memory.max-data-per-node", "512MB"));
        System.out.println("READY " + server.getBaseUrl());
        while (System.in.read() != -1) {
        }
        System.exit(0);
    }
}
