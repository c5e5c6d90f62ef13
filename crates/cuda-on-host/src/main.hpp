// Reads one launch from the standard input, runs it and writes all buffers back.
static std::vector<std::vector<char>> buffers;
#define BUFFER(i, type) (reinterpret_cast<type *>(buffers[i].data()))
static void on_host_calls(unsigned call);
static unsigned on_host_call;
static void on_host_body() { on_host_calls(on_host_call); }

static void on_host_read(void *to, size_t bytes) {
    if (bytes && fread(to, 1, bytes, stdin) != bytes) exit(3);
}

int main() {
    uint64_t head[4];
    on_host_read(head, sizeof head);
    on_host_call = (unsigned)head[0];
    gridDim = {(unsigned)head[1], 1, 1};
    blockDim = {(unsigned)head[2], 1, 1};
    buffers.resize(head[3]);
    for (auto &buffer : buffers) {
        uint64_t bytes;
        on_host_read(&bytes, sizeof bytes);
        buffer.resize(bytes);
        on_host_read(buffer.data(), bytes);
    }
    on_host::body = on_host_body;
    for (unsigned block = 0; block < gridDim.x; ++block) {
        blockIdx = {block, 0, 0};
        on_host::run_block(blockDim.x);
    }
    for (auto &buffer : buffers) fwrite(buffer.data(), 1, buffer.size(), stdout);
#ifdef ON_HOST_COUNTS
    unsigned long long operations[2] = {on_host::operations_single, on_host::operations_double};
#else
    unsigned long long operations[2] = {0, 0};
#endif
    fwrite(operations, sizeof operations, 1, stdout);
    return 0;
}
