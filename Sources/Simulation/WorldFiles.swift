import CCompression
import Foundation

/// Writes the three files of a planned world.
struct WorldFiles {
    private let plan: WorldPlan
    private let folder: String

    init(_ plan: WorldPlan) {
        self.plan = plan
        folder = plan.settings.out
    }

    func write(_ progress: ((Int) -> Void)?) throws(SimulationError) -> WorldSummary {
        var groups = plan.groups.map {
            WorldSummary.Group(
                name: $0.name, isCampaign: $0.isCampaign, accounts: 0, exchanges: 0, bytes: 0)
        }
        let log = plan.settings.isCompressed ? "exchanges.jsonl.zst" : "exchanges.jsonl"
        let paths = [log, "accounts.csv", "labels.csv"].map { folder + "/" + $0 }
        let bytes = try writeExchanges(paths[0], &groups, progress)
        for account in plan.accounts { groups[Int(account.group)].accounts += 1 }
        try writeTables(accounts: paths[1], labels: paths[2])
        return WorldSummary(
            groups: groups, accounts: plan.accounts.count, exchanges: plan.events.count,
            bytes: bytes, files: paths)
    }

    private func writeExchanges(
        _ path: String, _ groups: inout [WorldSummary.Group], _ progress: ((Int) -> Void)?
    ) throws(SimulationError) -> Int {
        guard let file = fopen(path, "wb") else { throw .unwritable(path: path) }
        defer { fclose(file) }
        let renderer = Renderer(plan)
        let writer = plan.settings.format.makeWriter()
        let exchange = Rendered()
        let isPacked = plan.settings.isCompressed
        // A frame stands for itself, so that a reader can unpack several at once.
        let chunkBytes = isPacked ? 8 << 20 : 1 << 20
        let chunk = ByteBuffer(capacity: 2 * chunkBytes)
        var total = 0
        for (number, event) in plan.events.enumerated() {
            let before = chunk.count
            renderer.render(event, number: number, into: exchange)
            writer.write(exchange, to: chunk)
            let group = Int(exchange.account.group)
            groups[group].exchanges += 1
            groups[group].bytes += chunk.count - before
            if chunk.count > chunkBytes { total += try flush(chunk, file, path, isPacked) }
            if number % 10_000 == 9_999 { progress?(number + 1) }
        }
        writer.finish(to: chunk)
        total += try flush(chunk, file, path, isPacked)
        progress?(plan.events.count)
        return total
    }

    private func flush(
        _ chunk: ByteBuffer, _ file: UnsafeMutablePointer<FILE>, _ path: String,
        _ isPacked: Bool = false
    ) throws(SimulationError) -> Int {
        let count = chunk.count
        if count == 0 { return 0 }
        if isPacked {
            let bound = ZSTD_compressBound(count)
            let packed = UnsafeMutableRawPointer.allocate(byteCount: bound, alignment: 8)
            defer { packed.deallocate() }
            let size = ZSTD_compress(packed, bound, chunk.base, count, 1)
            guard ZSTD_isError(size) == 0, fwrite(packed, 1, size, file) == size else {
                throw .unwritable(path: path)
            }
        } else {
            guard fwrite(chunk.base, 1, count, file) == count else {
                throw .unwritable(path: path)
            }
        }
        guard fflush(file) == 0 else { throw .unwritable(path: path) }
        chunk.removeAll()
        return count
    }

    /// Tables are in the order of account ids, so that their order tells nothing.
    private func writeTables(accounts accountPath: String, labels labelPath: String)
        throws(SimulationError)
    {
        let table = ByteBuffer()
        let labels = ByteBuffer()
        table.append(
            "account,created,organization,email_domain,country,payment_fingerprint,plan,signup_path,phone_fingerprint,trusted\n"
        )
        labels.append("account,label,campaign,class\n")
        for account in plan.accounts.sorted(by: { $0.id < $1.id }) {
            table.append(string: account.id + ",")
            table.append(time: account.created)
            let fields = [
                account.organization, account.emailDomain, account.country, account.payment,
                account.plan, account.signupPath, account.phone,
            ]
            for field in fields { table.append(string: "," + field) }
            table.append(account.isTrusted ? ",true\n" : ",false\n")
            let isCampaign = !account.campaign.isEmpty
            labels.append(string: account.id)
            labels.append(isCampaign ? ",distillation," : ",innocent,")
            labels.append(string: account.campaign + ",")
            // A campaign's group is named by its kind and a number; the class is the kind.
            let group = plan.groups[Int(account.group)].name
            let name = isCampaign ? group.prefix { $0 != "-" } : group[...]
            labels.append(string: name + "\n")
        }
        for (path, bytes) in [(accountPath, table), (labelPath, labels)] {
            guard let file = fopen(path, "wb") else { throw .unwritable(path: path) }
            defer { fclose(file) }
            _ = try flush(bytes, file, path)
        }
    }
}
