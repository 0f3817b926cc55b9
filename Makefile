# 每个目标都会先装好自己需要的程序包；已装好且没有变化时立即继续。
# 安装时顺带编译程序自己的代码：程序的文件夹不能写入时，每次启动也不用重新编译。
# 没有 make 时见 docs/使用说明.md：python -m pipeline 命令

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
RUN := $(BIN)/python
INSTALL = $(RUN) -m pip install -qq --disable-pip-version-check --no-input --no-deps --only-binary :all: --require-hashes -r

UNITS ?= 30
ROWS ?= 100
CODE ?= R09-3
MINUTES ?= 10

.PHONY: setup setup-dask validate template attachments report links explain demo docs test test-full lint format mutate bench fuzz
.DELETE_ON_ERROR:

setup: $(VENV)/.run

setup-dask: $(VENV)/.dask

validate: $(VENV)/.run
	@$(RUN) -m pipeline validate --exit-zero $(ARGS)

template: $(VENV)/.run
	@$(RUN) -m pipeline template

attachments: $(VENV)/.run
	@$(RUN) -m pipeline attachments $(ARGS)

report: $(VENV)/.run
	@$(RUN) -m pipeline report $(ARGS)

links: $(VENV)/.run
	@$(RUN) -m pipeline links $(ARGS)

explain: $(VENV)/.run
	@$(RUN) -m pipeline explain $(CODE)

docs: $(VENV)/.run
	@$(RUN) -m pipeline rules

demo: $(VENV)/.demo
	@$(RUN) -m pipeline demo --units $(UNITS) --rows $(ROWS)

test: $(VENV)/.dev
	@$(RUN) -m pytest -n 2 --dist loadscope -m "not slow and not full" $(ARGS)

test-full: $(VENV)/.dev
	@$(RUN) -m pytest -n 2 -m "full and not slow" $(ARGS)

mutate: $(VENV)/.dev
	@$(RUN) -m tests.mutate $(ARGS)

bench: $(VENV)/.bench
	@$(RUN) -m tests.bench $(ARGS)

fuzz: $(VENV)/.dev
	@$(RUN) -m tests.fuzz $(MINUTES)

lint: $(VENV)/.dev
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

format: $(VENV)/.dev
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

$(VENV)/.python:
	@$(PYTHON) -c "import sys; sys.exit(0 if sys.version_info >= (3, 11) else '需要 Python 3.11 或更新的版本，现为 ' + sys.version.split()[0] + '。请安装后重新运行，或用 make PYTHON=python3.11 指明。')"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: requirements.lock | $(VENV)/.python
	@echo "正在安装所需的程序包（只在第一次和更新后进行）……"
	@$(INSTALL) requirements.lock
	@$(RUN) -m compileall -q pipeline
	@touch $@

$(VENV)/.demo: requirements-demo.lock $(VENV)/.run
	@$(INSTALL) requirements-demo.lock
	@touch $@

$(VENV)/.dask: requirements-dask.lock $(VENV)/.run
	@$(INSTALL) requirements-dask.lock
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(VENV)/.dev
	@$(INSTALL) requirements-bench.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "正在安装测试所需的程序包……"
	@$(INSTALL) requirements-dev.lock
	@touch $@
