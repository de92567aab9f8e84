/// The two programs that Redis runs, each at once and by itself. They need Redis 5 or later, or Valkey.
///
/// A counter is a hash: `u`, what was used; `t`, when that was right (a rate) or when its day or month began; and for each
/// gateway `h` and its name, what the gateway holds for requests on their way. A gateway's holds count while its lease
/// lives, a key that it renews: so nothing has to be renewed for each request, and what a killed gateway held comes back.
/// Tokens and money that it held count as used from then on, since they may have been.
///
/// The lease's value is the number of the gateway's connection. What an earlier connection sent and Redis had not read
/// finds another number and does nothing.
///
/// Times are Redis' own, in microseconds. Amounts are at most 10^15, so that doubles hold them.
enum BudgetScripts {
    /// `KEYS`: lease, counters. `ARGV`: connection, gateway, then for each counter kind, amount, window, hard, charge, hold.
    ///
    /// Answers 1 when all counters had room and were charged; else nothing was charged, and it answers 0, the place of the
    /// counter that is in the way, the microseconds until its use has shrunk enough (0 when that is not what it takes),
    /// what is wanted, used, and held. -1 when the lease is lost.
    static let reserve =
        common + """
            local worst, worstHard, worstWait
            local used, start, finish, held = {}, {}, {}, {}
            for i = 2, #KEYS do
              local a = 3 + (i - 2) * 6
              local kind, amount, window = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
              local wanted = ARGV[a + 4] + ARGV[a + 5]
              local others
              used[i], start[i], finish[i], held[i], others = read(KEYS[i], kind, amount, window)
              if wanted > 0 and used[i] + held[i] + wanted > amount + slack then
                for field, count in pairs(others) do
                  if redis.call('EXISTS', leases .. string.sub(field, 2)) == 0 then
                    redis.call('HDEL', KEYS[i], field)
                    held[i] = held[i] - count
                    if kind ~= 's' then
                      used[i] = used[i] + count
                      write(KEYS[i], used[i], start[i])
                    end
                  end
                end
              end
              if wanted > 0 and used[i] + held[i] + wanted > amount + slack then
                local wait, hard = 0, 0
                if kind == 'r' then
                  local excess = math.min(used[i] + held[i] + wanted - amount, used[i])
                  wait = wanted > amount and window or math.ceil(excess * window / amount)
                elseif kind ~= 's' and used[i] + wanted > amount then
                  wait = finish[i] - now
                end
                if wanted > amount or (ARGV[a + 3] == '1' and used[i] + wanted > amount) then hard = 1 end
                if not worst or hard > worstHard or (hard == worstHard and wait > worstWait) then
                  worstHard, worstWait = hard, wait
                  worst = {0, i - 2, wait, wanted, math.ceil(used[i]), held[i]}
                end
              end
            end
            if worst then return worst end
            for i = 2, #KEYS do
              local a = 3 + (i - 2) * 6
              local charge, hold = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
              if charge > 0 then
                used[i] = used[i] + charge
                write(KEYS[i], used[i], start[i])
              end
              if hold > 0 then
                redis.call('HINCRBY', KEYS[i], mine, hold)
                held[i] = held[i] + hold
              end
              keep(KEYS[i], ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), used[i], finish[i], held[i])
            end
            return {1}
            """

    /// `KEYS`: lease, counters. `ARGV`: connection, gateway, milliseconds to prolong the lease by (0: not), then for each
    /// counter kind, amount, window, hard, charge, refund, age, sign, hold.
    ///
    /// The charge counts as made `age` microseconds ago, and the refund as of a charge made then; of a rate, what leaked
    /// from the charge is the caller's to take off. A sign of `-` gives `hold` back, `=` sets it.
    /// Answers 1, or -1 when the lease is lost.
    static let apply =
        common + """
            if ARGV[3] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
            for i = 2, #KEYS do
              local a = 4 + (i - 2) * 9
              local key, kind, amount, window = KEYS[i], ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
              local charge, refund, age = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6])
              local hold = tonumber(ARGV[a + 8])
              local used, start, finish, held = read(key, kind, amount, window)
              if kind == 'r' then
                refund = math.max(0, refund - age * amount / window)
              elseif kind ~= 's' and now - age < start then
                charge, refund = 0, 0
              end
              if charge > 0 or refund > 0 then
                used = math.max(0, used + charge - refund)
                write(key, used, start)
              end
              local before = tonumber(redis.call('HGET', key, mine) or '0')
              local after = ARGV[a + 7] == '=' and hold or math.max(0, before - hold)
              if after == 0 then redis.call('HDEL', key, mine) else redis.call('HSET', key, mine, string.format('%.0f', after)) end
              keep(key, kind, amount, window, used, finish, held - before + after)
            end
            return {1}
            """

    /// `slack` absorbs the rounding of levels that leak; it is a millionth of a unit.
    private static let common = """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000000 + clock[2]
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {-1} end
        local mine = 'h' .. ARGV[2]
        local leases = string.sub(KEYS[1], 1, #KEYS[1] - #ARGV[2])
        local slack, day = 0.000001, 86400000000

        local function dayOfMonth(number)
          local since = number + 719468
          local ofEra = since % 146097
          local year = math.floor((ofEra - math.floor(ofEra / 1460) + math.floor(ofEra / 36524)
            - math.floor(ofEra / 146096)) / 365)
          local ofYear = ofEra - (365 * year + math.floor(year / 4) - math.floor(year / 100))
          local month = math.floor((5 * ofYear + 2) / 153)
          return ofYear - math.floor((153 * month + 2) / 5)
        end

        local function read(key, kind, amount, window)
          local flat = redis.call('HGETALL', key)
          local used, at, held, others = 0, 0, 0, {}
          for j = 1, #flat, 2 do
            local field, value = flat[j], tonumber(flat[j + 1])
            if field == 'u' then used = value
            elseif field == 't' then at = value
            else
              held = held + value
              if field ~= mine then others[field] = value end
            end
          end
          if kind == 'r' then
            if now > at then used = math.max(0, used - (now - at) * amount / window) end
            return used, now, 0, held, others
          elseif kind == 's' then
            return 0, 0, 0, held, others
          end
          local first = math.floor(now / day)
          local after = first + 1
          if kind == 'm' then
            first = first - dayOfMonth(first)
            after = first + 31 - dayOfMonth(first + 31)
          end
          if at ~= first * day then used = 0 end
          return used, first * day, after * day, held, others
        end

        local function write(key, used, at)
          redis.call('HSET', key, 'u', string.format('%.17g', used), 't', string.format('%.0f', at))
        end

        local function keep(key, kind, amount, window, used, finish, held)
          local rest = 60000
          if held > 0 then rest = 86400000 end
          if kind == 'r' then rest = rest + used / amount * window / 1000
          elseif kind ~= 's' then rest = rest + (finish - now) / 1000 end
          redis.call('PEXPIRE', key, string.format('%.0f', math.ceil(rest)))
        end

        """
}
