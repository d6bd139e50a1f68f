-- Sends the requests of a file in turn, each line METHOD, path and body parted by tabs, and prints the outcome as one line of JSON.
-- WRK_PAUSE_MS in the environment is how long each connection waits before its next request.
-- Arguments: the file, the environment key, a number, and further headers as "Name: value". In a request @@@@@@@@@@ stands for
-- the number, which then goes up by one.
local requests, turn, number = {}, 0, 0
local MARK, DIGITS = "@@@@@@@@@@", "%010d"

function init(arguments)
  number = tonumber(arguments[3])
  for line in io.lines(arguments[1]) do
    local method, path, body = line:match("^(%S+)\t(%S+)\t?(.*)$")
    local headers = { ["X-Environment-Key"] = arguments[2] }
    if body ~= "" then headers["Content-Type"] = "application/json" else body = nil end
    for index = 4, #arguments do
      local name, value = arguments[index]:match("^(.-): (.*)$")
      headers[name] = value
    end
    local text = wrk.format(method, path, headers, body)
    requests[#requests + 1] = { text = text, is_counted = text:find(MARK, 1, true) ~= nil }
  end
end

local pause = tonumber(os.getenv("WRK_PAUSE_MS") or "0")
if pause > 0 then
  function delay() return pause end
end

function request()
  turn = turn % #requests + 1
  local chosen = requests[turn]
  if not chosen.is_counted then return chosen.text end
  number = number + 1
  return (chosen.text:gsub(MARK, DIGITS:format(number)))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "errors": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
